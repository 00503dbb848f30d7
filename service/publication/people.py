"""Who published and entered what, by name."""

from __future__ import annotations

from sqlalchemy import select

from qyran.roles import SYSTEM, Actor
from service.i18n import Language
from service.publication.words import Teller
from service.store.database import Store
from service.store.tables import AppUser


def teller(store: Store, lang: Language, actor: Actor = SYSTEM) -> Teller:
    """Somebody who tells derivations in a language, in the city's zone."""
    with store.read(actor) as work:
        people: dict[str, str] = dict(iter(work.session.execute(select(AppUser.id, AppUser.name))))
    return Teller(lang, store.settings.zone, people)

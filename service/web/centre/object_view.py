"""The protected object an alarm is at, as much of it as the reader may see now."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from qyran.errors import AccessError, NotFound
from service.i18n import Language, named
from service.protected_objects.card import card
from service.protected_objects.model import Contact
from service.store.database import Work
from service.web.words import Words


@dataclass(frozen=True, slots=True)
class ObjectView:
    """What a crew has to know before it is there.

    Attributes:
        camera: one that looks at the object, where a sensor told of it and no camera did.
    """

    id: str
    name: str
    facts: tuple[tuple[str, str], ...]
    contacts: tuple[Contact, ...]
    camera: str | None


def object_view(work: Work, w: Words, object_id: str | None) -> ObjectView | None:
    """The object's card in short; None where there is none or the reader sees none. The look is logged."""
    if object_id is None:
        return None
    try:
        found = card(work, object_id)
    except (AccessError, NotFound):
        return None
    said = found.details
    facts = (
        ("address", _in_words(w, said.address)),
        ("access_notes", said.access_notes),
        ("water", said.water),
        ("hazards", said.hazards),
        ("floors", "" if said.floors is None else w.num(said.floors)),
    )
    name = _in_words(w, said.name) or found.id
    shown = tuple((w.t(f"objects.{key}"), text) for key, text in facts if text)
    return ObjectView(found.id, name, shown, found.contacts or (), next((one.id for one in found.cameras), None))


def _in_words(w: Words, names: Mapping[Language, str]) -> str:
    return named(w.lang, {str(lang): text for lang, text in names.items()}, "")

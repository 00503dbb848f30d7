"""A short text by the SMS gateway, in each of the receiver's languages."""

from __future__ import annotations

from typing import Final

from service.i18n import LANGUAGES, translate
from service.notifying.messages import Note
from service.notifying.routing import Receiver
from service.notifying.staff import addresses_of
from service.notifying.words import coordinates, event_in, place_words, step_in
from service.ports.channels import Letter
from service.ports.sms import SmsGateway
from service.store.database import Store

PART: Final = 70
"""Signs of an SMS outside the Latin alphabet (GSM 03.38, UCS-2); more become several, joined by the telephone."""
PARTS: Final = 3


class Sms:
    """A text by `service.ports.sms.SmsGateway`; its receipt proves the delivery."""

    def __init__(self, store: Store, receiver: Receiver) -> None:
        """As `channel_of` makes it."""
        self._store, self._receiver = store, receiver
        self._gateway = SmsGateway(receiver.peer())

    def send(self, note: Note) -> bool:
        """Hand a message over."""
        text = text_of(self._store, self._receiver, note)
        for number, to in enumerate(addresses_of(self._store, self._receiver, note)):
            key = f"{note.key}-{number}" if number else note.key
            self._gateway.send(Letter(key, to, subject="", text=text, document_no="", document=b""))
        return False

    def close(self) -> None:
        """Nothing is held."""


def text_of(store: Store, receiver: Receiver, note: Note) -> str:
    """What, where, when and what became of it; a drill or test is called so first."""
    facts = note.facts
    at = facts.times["t_detect"].astimezone(store.settings.zone)
    lines = []
    for lang in (one for one in LANGUAGES if one in receiver.languages):
        key = "receivers.sms_test" if note.is_test else "receivers.sms_drill" if facts.is_drill else "receivers.sms"
        place = place_words(facts)[lang]
        lines.append(
            translate(lang, key, event=event_in(lang, facts.kind), place=place, at=f"{at:%H:%M}",
                      step=step_in(lang, note.step))
        )  # fmt: skip
    where = coordinates(facts)
    text = "\n".join([*lines, where] if where else lines)
    return text[: PART * PARTS * len(receiver.languages)]

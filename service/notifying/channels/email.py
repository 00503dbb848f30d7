"""An e-mail in the receiver's languages, with a picture where that is allowed."""

from __future__ import annotations

from typing import Final

from qyran.errors import QyranError
from service.i18n import LANGUAGES, Language, translate
from service.notifying.messages import Note
from service.notifying.pictures import picture_of
from service.notifying.routing import Receiver
from service.notifying.staff import addresses_of
from service.notifying.words import coordinates, event_in, link_of, moment_in, place_words, step_in
from service.ports.smtp import Mailer
from service.store.database import Store

RULE: Final = "\n\n" + "-" * 40 + "\n\n"


class Email:
    """By `service.ports.smtp.Mailer`: the server took it; who read it nobody knows.

    Where nobody knows whether the server took it, it is sent again: an alarm twice is better than none. It has the
    same Message-ID then, by which mail programs show it once.
    """

    def __init__(self, store: Store, receiver: Receiver) -> None:
        """As `channel_of` makes it."""
        host, port = receiver.address
        self._store, self._receiver = store, receiver
        self._mailer = Mailer(
            host, port, receiver.sender or "", receiver.user, receiver.read("password"), receiver.ca_file
        )

    def send(self, note: Note) -> bool:
        """Hand a message over."""
        picture = None
        if self._receiver.stills != "none" and not note.is_test:
            try:
                picture = picture_of(self._store, note.facts.alert_id, masked=self._receiver.stills == "masked")
            except (QyranError, OSError):
                picture = None  # the words must not wait for it
        subject, text = letter_of(self._store, self._receiver, note, with_picture=picture is not None)
        first = note.earlier[0].key if note.earlier else None
        for number, to in enumerate(addresses_of(self._store, self._receiver, note)):
            key = f"{note.key}-{number}" if number else note.key
            self._mailer.tell(to, subject, text, key, picture, follows=first)
        return False

    def close(self) -> None:
        """Nothing is held."""


def letter_of(store: Store, receiver: Receiver, note: Note, *, with_picture: bool) -> tuple[str, str]:
    """Subject and text; every language says the same."""
    wanted = [one for one in LANGUAGES if one in receiver.languages]
    subject = " / ".join(_subject(lang, note) for lang in wanted[:2])
    return subject, RULE.join(_text(store, lang, note, with_picture=with_picture) for lang in wanted) + "\n"


def _subject(lang: Language, note: Note) -> str:
    key = "receivers.subject_test" if note.is_test else "receivers.subject"
    if note.facts.is_drill and not note.is_test:
        key = "receivers.subject_drill"
    event, place = event_in(lang, note.facts.kind), place_words(note.facts)[lang]
    return translate(lang, key, event=event, place=place, step=step_in(lang, note.step))


def _text(store: Store, lang: Language, note: Note, *, with_picture: bool) -> str:
    facts = note.facts
    lines = [_subject(lang, note), ""]
    if note.is_test:
        lines.append(translate(lang, "receivers.is_test"))
    elif facts.is_drill:
        lines.append(translate(lang, "receivers.is_drill"))
    rows = {
        "what": event_in(lang, facts.kind),
        "happened": step_in(lang, note.step),
        "where": place_words(facts)[lang],
        "coordinates": coordinates(facts),
        "radius": None if facts.place.radius_m is None else f"{facts.place.radius_m:.0f}",
        "detected": moment_in(store.settings, facts.times["t_detect"]),
        "severity": translate(lang, f"receivers.severity.{facts.severity}"),
        "certainty": translate(lang, f"receivers.certainty.{facts.certainty}"),
        "services": ", ".join(facts.services) or None,
        "page": link_of(store.settings, facts),
    }
    lines += [translate(lang, f"receivers.line.{name}", value=value) for name, value in rows.items() if value]
    if facts.type == "fire_alert":
        lines.append(translate(lang, "receivers.auxiliary"))
    if with_picture:
        lines.append(translate(lang, "receivers.picture"))
    return "\n".join(lines)

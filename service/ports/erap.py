"""The port to ЕРАП, the unified register of administrative proceedings, and to the channels it notifies through.

Contract: `send` hands over one signed decision, identified by its document number, and may be repeated for it without
a second registration. `answers` gives what the register has answered since; an answer is given until `seen` confirms
it. Nothing counts as registered, notified or delivered before such an answer: times are the register's own.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal, Protocol

from pydantic import AwareDatetime, BaseModel, ConfigDict, ValidationError

from qyran.errors import ConfigError
from service.durable import place_file
from service.ports.http import Peer, told
from service.store.database import Store


class Parcel(BaseModel):
    """A signed decision on its way: the document and what the register files it under."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    case_id: str
    document_no: str
    document_sha256: str
    document: str
    package_sha256: str | None
    signed_at: AwareDatetime


class Answer(BaseModel):
    """What the register answered: `number` with `registered`, `channel` with `notified`, `reason` with a refusal."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    case_id: str
    kind: Literal["registered", "refused", "notified", "delivered", "undeliverable"]
    time: AwareDatetime
    number: str | None = None
    channel: str | None = None
    reason: str | None = None


class Erap(Protocol):
    """The register."""

    name: str

    def send(self, parcel: Parcel) -> None:
        """Hand over a decision; durable when it returns.

        Raises:
            OSError: it could not be handed over; try again later.
            Refused: it will never be taken as it is.
        """

    def answers(self) -> Iterator[tuple[str, Answer]]:
        """What was answered and not yet seen, in order, each with the name to give to `seen`."""

    def seen(self, name: str) -> None:
        """An answer was stored."""

    def refused(self, name: str) -> None:
        """An answer cannot be true: keep it for a person to look at."""


class FolderErap:
    """A DEVELOPMENT adapter: decisions lie in ``outbox/``, answers are JSON files somebody puts into ``inbox/``.

    It is not the register. `acknowledge` plays its part for a demo: it answers every waiting decision as registered and
    notified at the moment of the call, under numbers that begin with DEMO.
    """

    name = "development-folder"

    def __init__(self, folder: Path) -> None:
        self.outbox, self.inbox = folder / "outbox", folder / "inbox"
        for place in (self.outbox, self.inbox):
            place.mkdir(parents=True, exist_ok=True)

    def send(self, parcel: Parcel) -> None:
        """Write the decision's parcel."""
        path = self.outbox / f"{parcel.case_id}.json"
        if not path.exists():
            _write(path, parcel)

    def answers(self) -> Iterator[tuple[str, Answer]]:
        """Read what lies in the inbox; what cannot be read is renamed to ``.unreadable``."""
        for path in _whole(self.inbox):
            try:
                yield path.name, Answer.model_validate_json(path.read_bytes())
            except ValidationError:
                self.refused(path.name)

    def seen(self, name: str) -> None:
        """Remove an answer from the inbox."""
        (self.inbox / name).unlink(missing_ok=True)

    def refused(self, name: str) -> None:
        """Put an answer out of the way."""
        path = self.inbox / name
        path.rename(path.with_suffix(".unreadable"))

    def acknowledge(self, now: datetime | None = None) -> int:
        """Play the register: answer every parcel of the outbox once; how many."""
        moment = now or datetime.now(UTC)
        waiting = _whole(self.outbox)
        for path in waiting:
            parcel = Parcel.model_validate_json(path.read_bytes())
            number, case = f"DEMO-{parcel.document_no}", parcel.case_id
            registered = Answer(case_id=case, kind="registered", time=moment, number=number)
            _write(self.inbox / f"{case}-1.json", registered)
            _write(self.inbox / f"{case}-2.json", Answer(case_id=case, kind="notified", time=moment, channel="sms"))
            path.rename(path.with_suffix(".answered"))
        return len(waiting)


class HttpErap:
    """The register over HTTP, as its contract in docs/delivery.md says.

    ``PUT /decisions/{document number}`` files a decision, the same again changes nothing; ``GET /answers`` tells what
    it answered, ``POST /answers/seen`` ends an answer, ``POST /answers/refused`` says that it cannot be.
    """

    name = "erap"

    def __init__(self, peer: Peer, documents: Path) -> None:
        self._peer, self._documents = peer, documents

    def send(self, parcel: Parcel) -> None:
        """File a decision with its document."""
        pdf = (self._documents / parcel.document).read_bytes()
        body = parcel.model_dump(mode="json") | {"pdf": base64.b64encode(pdf).decode()}
        told(self._peer.ask("PUT", f"/decisions/{parcel.document_no}", body, key=parcel.document_sha256))

    def answers(self) -> Iterator[tuple[str, Answer]]:
        """What it answered; what cannot be read is refused there."""
        given = told(self._peer.ask("GET", "/answers"))
        for one in given.get("answers", ()) if isinstance(given, dict) else ():
            if not isinstance(one, dict) or not isinstance(one.get("id"), str):
                continue
            try:
                answer = Answer.model_validate({name: value for name, value in one.items() if name != "id"})
            except ValidationError:
                self.refused(one["id"])
                continue
            yield one["id"], answer

    def seen(self, name: str) -> None:
        """End an answer."""
        self._peer.ask("POST", "/answers/seen", {"answers": [name]})

    def refused(self, name: str) -> None:
        """Say that an answer cannot be."""
        self._peer.ask("POST", "/answers/refused", {"answers": [name]})


def development_erap(store: Store) -> FolderErap:
    """The development adapter of a demo store.

    Raises:
        ConfigError: the store is a real one.
    """
    if not store.demo:
        raise ConfigError("The development adapter for ЕРАП works in a demo store only; configure the real register.")
    return FolderErap(store.settings.home / "demo-erap")


def _whole(folder: Path) -> list[Path]:
    """The files of a folder in order; a hidden one is being written."""
    return sorted(path for path in folder.glob("*.json") if not path.name.startswith("."))


def _write(path: Path, content: BaseModel) -> None:
    place_file(path, content.model_dump_json().encode())

"""How an event travels with its files: one line of JSON, then the bytes of the files one after another.

No archive, so that nothing can be unpacked: a file is named in the line, by a plain name without a folder, with its
size and SHA-256, and nothing else is ever written. A file may begin where an earlier try broke off (`start`).
"""

from __future__ import annotations

import re
from typing import Annotated, Final

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError, model_validator

from evidence.manifest import Sha256
from qyran.errors import InputError
from service import passage_still
from service.event import Event, unread

MEDIA_TYPE: Final = "application/vnd.qyran.event"
HEADER_MOST: Final = 256 * 1024
"""Bytes of the first line; an event has some 500."""
FILES_MOST: Final = 32
FILE_MOST: Final = 240 * 1024 * 1024
"""Bytes of one file, and of all of an event; a minute of a 4K camera has some 120 MB."""
NAME: Final = r"^[A-Za-z0-9_][A-Za-z0-9_-]{0,63}(\.[A-Za-z0-9]{1,8}){1,2}$"

FileName = Annotated[str, StringConstraints(pattern=NAME)]


class NewerEvent(InputError):
    """An event with keys of a newer version; it can be taken once the service is upgraded."""


class FileEntry(BaseModel):
    """One file.

    Attributes:
        name: a plain name.
        size, sha256: of the whole of it.
        start: the byte that is sent first; those before it arrived earlier.
    """

    model_config = ConfigDict(extra="ignore", frozen=True)

    name: FileName
    size: Annotated[int, Field(ge=0, le=FILE_MOST)]
    sha256: Sha256
    start: Annotated[int, Field(ge=0)] = 0

    @model_validator(mode="after")
    def _start_fits(self) -> FileEntry:
        if self.start > self.size:
            raise ValueError("start lies behind the end of the file")
        return self


class Envelope(BaseModel):
    """The first line.

    Attributes:
        event: what happened.
        files: of its evidence package, or the pictures of a passage.
    """

    model_config = ConfigDict(extra="ignore", frozen=True)

    event: Event
    files: Annotated[tuple[FileEntry, ...], Field(max_length=FILES_MOST)] = ()

    @model_validator(mode="after")
    def _files_fit(self) -> Envelope:
        names = [one.name for one in self.files]
        if len({name.lower() for name in names}) != len(names):
            raise ValueError("a file is named twice")
        if sum(one.size for one in self.files) > FILE_MOST:
            raise ValueError("the files of an event are larger than any package")
        if self.event.has_files != bool(self.files):
            raise ValueError("files belong to an event with evidence or pictures, and to no other")
        event = self.event
        if event.evidence is not None and event.evidence != f"evidence/{event.id}":
            raise ValueError("evidence is not named by the event's id")
        if event.still is not None and event.still != f"{passage_still.FOLDER}/{event.id}":
            raise ValueError("pictures are not named by the event's id")
        return self

    @property
    def length(self) -> int:
        """How many bytes follow the line."""
        return sum(one.size - one.start for one in self.files)

    def line(self) -> bytes:
        """The line with its end."""
        return self.model_dump_json(by_alias=True, exclude_none=True).encode() + b"\n"


def read_line(line: bytes) -> Envelope:
    """Read the first line.

    Raises:
        NewerEvent: the event has keys of a newer version.
        InputError: it is none.
    """
    try:
        return Envelope.model_validate_json(line)
    except ValidationError as error:
        faults = error.errors(include_url=False, include_context=False, include_input=False)
        if any(one["type"] == "extra_forbidden" for one in faults):
            raise NewerEvent(f"The event cannot be taken yet: {unread(error)}.") from None
        raise InputError(f"The first line is no event with its files: {told(error)}.") from None


def told(error: ValidationError) -> str:
    """Which parts are wrong, without what was sent."""
    wheres = []
    for one in error.errors(include_url=False, include_context=False, include_input=False)[:5]:
        steps = [str(step) for step in one["loc"] if re.fullmatch(r"[A-Za-z0-9_]{1,32}", str(step))]
        wheres.append(".".join(steps) or str(one["msg"]).removeprefix("Value error, ")[:100])
    return ", ".join(sorted(set(wheres)))

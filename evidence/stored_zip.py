"""Zip files in one way only: stored, in order, without times, so that every byte of one is what its files make it.

Reading is strict: whatever `write_stored` would not have written is a fault, with the name of the file it stands at.
Uses the standard library only: it goes into every export beside `verify.py`.
"""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

CHUNK: Final = 1 << 20
NAME: Final = re.compile(r"(?!.*\.\.)[A-Za-z0-9_][A-Za-z0-9._-]*(/[A-Za-z0-9_][A-Za-z0-9._-]*)*")
MOST_FILES: Final = 0xFFFE
MOST_BYTES: Final = 0xFFFFFFFE
"""Without the 64-bit extension, which some readers lack."""
LOCAL: Final = struct.Struct("<4s5H3I2H")
CENTRAL: Final = struct.Struct("<4s6H3I5H2I")
END: Final = struct.Struct("<4s4H2IH")
VERSION: Final = 20
FLAGS: Final = 0x0800  # names are UTF-8
STORED: Final = 0
TIME, DATE = 0, 0x21  # 1980-01-01, the first day there is


class ZipFault(ValueError):
    """The zip is not as it was written; `name` is the file it shows at, or what part of the zip."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


@dataclass(frozen=True, slots=True)
class _Entry:
    name: str
    crc: int
    size: int
    offset: int

    def local(self) -> bytes:
        name = self.name.encode()
        head = LOCAL.pack(b"PK\3\4", VERSION, FLAGS, STORED, TIME, DATE, self.crc, self.size, self.size, len(name), 0)
        return head + name

    def central(self) -> bytes:
        name = self.name.encode()
        head = CENTRAL.pack(
            b"PK\1\2", VERSION, VERSION, FLAGS, STORED, TIME, DATE, self.crc, self.size, self.size, len(name), 0, 0, 0,
            0, 0, self.offset,
        )  # fmt: skip
        return head + name


def write_stored(path: Path, files: Mapping[str, bytes | Path]) -> None:
    """Write a zip of files in the order of their names; the same files give the same bytes.

    Raises:
        ValueError: a name is not plain, or there are more files or bytes than a zip holds.
    """
    if len(files) > MOST_FILES or any(NAME.fullmatch(name) is None for name in files):
        raise ValueError("too many files, or a name that is not plain")
    entries: list[_Entry] = []
    with path.open("wb") as out:
        for name in sorted(files):
            crc, size = _sum(files[name])
            entry = _Entry(name, crc, size, out.tell())
            if out.tell() + size > MOST_BYTES:
                raise ValueError("more bytes than a zip holds")
            out.write(entry.local())
            for piece in _pieces(files[name]):
                out.write(piece)
            entries.append(entry)
        out.write(_tail(entries, out.tell()))


class StoredZip:
    """A zip that `write_stored` wrote, open for reading."""

    def __init__(self, file: BinaryIO) -> None:
        """Read the directory of a zip and check that nothing stands beside its files.

        Raises:
            ZipFault: it was not written by `write_stored`, or has changed since outside of its files' bytes.
        """
        self._file = file
        size = file.seek(0, 2)
        file.seek(max(0, size - END.size))
        end = file.read(END.size)
        if len(end) < END.size:
            raise ZipFault("the end of the zip")
        sign, _, _, count, _, length, start, _ = END.unpack(end)
        if sign != b"PK\5\6" or start + length + END.size != size:
            raise ZipFault("the end of the zip")
        file.seek(start)
        directory = file.read(length)
        self._entries = {entry.name: entry for entry in _listed(directory, count)}
        if len(self._entries) != count or _tail(list(self._entries.values()), start) != directory + end:
            raise ZipFault("the directory of the zip")
        at = 0
        for entry in self._entries.values():
            file.seek(at)
            if entry.offset != at or file.read(len(entry.local())) != entry.local():
                raise ZipFault(entry.name)
            at += len(entry.local()) + entry.size
        if at != start:
            raise ZipFault("the directory of the zip")

    @property
    def names(self) -> list[str]:
        """Names of the files, in order."""
        return list(self._entries)

    def pieces(self, name: str) -> Iterator[bytes]:
        """The bytes of a file, piece by piece.

        Raises:
            ZipFault: they are not those that were written.
        """
        entry = self._entries[name]
        left, at, crc = entry.size, entry.offset + len(entry.local()), 0
        while left:
            self._file.seek(at)
            piece = self._file.read(min(CHUNK, left))
            if not piece:
                raise ZipFault(name)
            left, at, crc = left - len(piece), at + len(piece), zlib.crc32(piece, crc)
            yield piece
        if crc != entry.crc:
            raise ZipFault(name)


def _listed(directory: bytes, count: int) -> Iterator[_Entry]:
    at = 0
    for _ in range(count):
        if at + CENTRAL.size > len(directory):
            raise ZipFault("the directory of the zip")
        fields = CENTRAL.unpack_from(directory, at)
        crc, size, length, offset = fields[7], fields[8], fields[10], fields[16]
        raw = directory[at + CENTRAL.size : at + CENTRAL.size + length]
        at += CENTRAL.size + length
        try:
            name = raw.decode("ascii")
        except UnicodeDecodeError:
            raise ZipFault("the directory of the zip") from None
        if NAME.fullmatch(name) is None:
            raise ZipFault("the directory of the zip")
        yield _Entry(name, crc, size, offset)


def _tail(entries: list[_Entry], start: int) -> bytes:
    directory = b"".join(entry.central() for entry in entries)
    count = len(entries)
    return directory + END.pack(b"PK\5\6", 0, 0, count, count, len(directory), start, 0)


def _sum(content: bytes | Path) -> tuple[int, int]:
    crc = size = 0
    for piece in _pieces(content):
        crc, size = zlib.crc32(piece, crc), size + len(piece)
    return crc, size


def _pieces(content: bytes | Path) -> Iterator[bytes]:
    if isinstance(content, bytes):
        yield content
        return
    with content.open("rb") as file:
        while piece := file.read(CHUNK):
            yield piece

"""Reading and writing the little DER that a time stamp needs (ITU-T X.690): strict, one way to write a value only.

Uses the standard library only: it goes into every export beside `verify.py`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

INTEGER: Final = 0x02
OCTETS: Final = 0x04
OID: Final = 0x06
TIME: Final = 0x18
SEQUENCE: Final = 0x30
SET: Final = 0x31
MOST_LENGTH_BYTES: Final = 4


@dataclass(frozen=True, slots=True)
class Node:
    """One value.

    Attributes:
        tag: the first byte; values with a tag of several bytes are refused.
        content: the bytes of the value.
        whole: tag, length and content.
    """

    tag: int
    content: bytes
    whole: bytes

    def parts(self) -> list[Node]:
        """The values this one is made of.

        Raises:
            ValueError: it is not made of values.
        """
        if not self.tag & 0x20:
            raise ValueError("a plain value has no parts")
        return list(_values(self.content))

    def must(self, tag: int) -> Node:
        """This value, if it has the tag.

        Raises:
            ValueError: it has another.
        """
        if self.tag != tag:
            raise ValueError(f"a value has the tag {self.tag:#x}, not {tag:#x}")
        return self

    def number(self) -> int:
        """An INTEGER's value."""
        return int.from_bytes(self.must(INTEGER).content, "big", signed=True)

    def oid(self) -> str:
        """An OBJECT IDENTIFIER in dotted form."""
        data = self.must(OID).content
        if not data or data[-1] & 0x80:
            raise ValueError("an object identifier breaks off")
        arcs: list[int] = []
        value = 0
        for byte in data:
            value = value << 7 | byte & 0x7F
            if not byte & 0x80:
                arcs.append(value)
                value = 0
        first = min(arcs[0] // 40, 2)
        return ".".join(str(arc) for arc in (first, arcs[0] - 40 * first, *arcs[1:]))


def read(data: bytes) -> Node:
    """The one value that some bytes are.

    Raises:
        ValueError: they are no value of DER, or more than one.
    """
    found = list(_values(data))
    if len(found) != 1:
        raise ValueError("not exactly one value")
    return found[0]


def write(tag: int, *contents: bytes) -> bytes:
    """A value of a tag and its content."""
    content = b"".join(contents)
    if len(content) < 0x80:
        return bytes((tag, len(content))) + content
    length = len(content).to_bytes((len(content).bit_length() + 7) // 8, "big")
    return bytes((tag, 0x80 | len(length))) + length + content


def integer(value: int) -> bytes:
    """An INTEGER of a number that is not negative."""
    return write(INTEGER, value.to_bytes(value.bit_length() // 8 + 1, "big"))


def oid(dotted: str) -> bytes:
    """An OBJECT IDENTIFIER from its dotted form."""
    first, second, *rest = (int(arc) for arc in dotted.split("."))
    out = bytearray()
    for arc in (40 * first + second, *rest):
        piece = [arc & 0x7F]
        while arc := arc >> 7:
            piece.append(0x80 | arc & 0x7F)
        out += bytes(reversed(piece))
    return write(OID, bytes(out))


def _values(data: bytes) -> Iterator[Node]:
    at = 0
    while at < len(data):
        start, tag = at, data[at]
        if tag & 0x1F == 0x1F:
            raise ValueError("a tag of several bytes")
        at, length = _length(data, at + 1)
        if at + length > len(data):
            raise ValueError("a value breaks off")
        yield Node(tag, data[at : at + length], data[start : at + length])
        at += length


def _length(data: bytes, at: int) -> tuple[int, int]:
    if at >= len(data):
        raise ValueError("a value breaks off")
    first = data[at]
    if first < 0x80:
        return at + 1, first
    count = first & 0x7F
    value = data[at + 1 : at + 1 + count]
    if not 0 < count <= MOST_LENGTH_BYTES or len(value) < count or value[0] == 0 or int.from_bytes(value, "big") < 0x80:
        raise ValueError("a length is not written as DER writes it")
    return at + 1 + count, int.from_bytes(value, "big")

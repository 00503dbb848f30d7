"""CSV as offices write it: its encoding and delimiter found, a comma that parts a number in two noticed."""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Collection
from itertools import pairwise
from typing import Final

from service.imports.columns import Fault, RawRow, Refused, Table, shown

DELIMITERS: Final = (";", ",", "\t", "|")
COMMENT: Final = "#"
"""Lines that begin with it are notes for people, as the templates have them."""
LONGEST_FIELD: Final = 1 << 20
"""Signs of one cell: a long street's geometry."""
KAZAKH_1251: Final = "kz1048"
"""СТ РК 1048-2002: Windows-1251 with Kazakh letters in the places of letters that Kazakh and Russian do not have."""
MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
NAMES: Final = {"utf-8-sig": "UTF-8", "utf-8": "UTF-8", "utf-16": "UTF-16", KAZAKH_1251: "Windows-1251"}
HALF: Final = re.compile(r"[+-]?[0-9][0-9 \u00a0\u2009\u202f]*")

csv.field_size_limit(LONGEST_FIELD)


def decoded(data: bytes) -> tuple[str, str]:
    """Text and the name of its encoding.

    Raises:
        Refused: it is no text in any encoding that is known here.
    """
    marked = next((name for mark, name in MARKS if data.startswith(mark)), None)
    for name in (marked,) if marked else ("utf-8", KAZAKH_1251):
        try:
            text = data.decode(name)
        except UnicodeDecodeError:
            continue
        if not re.search(r"[\x00-\x08\x0e-\x1f\x7f]", text):
            return text, NAMES[name]
    raise Refused("no_encoding")


def read_csv(data: bytes, known: Collection[str], most_rows: int) -> Table:
    """The rows of a CSV with a header.

    Args:
        data: the file.
        known: what columns may be called, in lower case; the delimiter that finds most of them is the file's.
        most_rows: what a file may hold.

    Raises:
        Refused: it is no CSV, or too long.
    """
    text, encoding = decoded(data)
    named = re.match(r"\s*sep=(.)\r?\n", text)  # the line by which Excel names its delimiter
    head = next((line for line in text.splitlines() if line.strip() and not _note(line)), "")
    delimiter = named[1] if named else _delimiter(head, known)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    names: list[str] = []
    rows: list[RawRow] = []
    line = 1
    try:
        for cells in reader:
            here, line = line, reader.line_num + 1
            blank = not any(cell.strip() for cell in cells)
            if blank or _note(cells[0]) or (named and here == 1):
                continue
            if not names:
                names = [cell.strip() for cell in cells]
                continue
            if len(rows) >= most_rows:
                raise Refused("too_many_rows", most=most_rows)
            rows.append(_row(here, names, cells, delimiter))
    except csv.Error:
        raise Refused("no_csv", row=line) from None
    while names and not names[-1]:
        names.pop()
    return Table("csv", tuple(names), tuple(rows), encoding)


def _row(number: int, names: list[str], cells: list[str], delimiter: str) -> RawRow:
    while len(cells) > len(names) and not cells[-1].strip():
        cells = cells[:-1]
    if len(cells) > len(names):
        halves = pairwise(cells)
        parted = next(
            (f"{one},{two}" for one, two in halves if HALF.fullmatch(one.strip()) and two.strip().isdigit()), None
        )
        if delimiter == "," and parted is not None:
            return RawRow(number, {}, Fault("decimal_parted", {}, None, shown(parted)))
        return RawRow(number, {}, Fault("cells_many", {"cells": len(cells), "columns": len(names)}))
    padded = [*cells, *[""] * (len(names) - len(cells))]
    return RawRow(number, dict(zip(names, padded, strict=True)))


def _note(line: str) -> bool:
    return line.lstrip("\ufeff \t\"'").startswith(COMMENT)


def _delimiter(head: str, known: Collection[str]) -> str:
    def found(delimiter: str) -> tuple[int, int]:
        names = [one.strip().strip('"').casefold() for one in head.split(delimiter)]
        return sum(one in known for one in names), len(names)

    return max(DELIMITERS, key=found)

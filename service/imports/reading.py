"""One way in for every form of file: its form is told by its bytes, never by its name."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from service.imports.columns import Refused, Table
from service.imports.csv_file import read_csv
from service.imports.json_file import read_json
from service.imports.xlsx_file import OLD_EXCEL, read_xlsx

MOST_BYTES: Final = 32 << 20
"""Of one file; the road register of a city of two million has some ten."""
MOST_ROWS: Final = 200_000
"""Of one file; a large city's fire service is called some sixty thousand times a year."""
ZIP: Final = b"PK"
BINARY: Final = (b"%PDF", b"\x89PNG", b"\xff\xd8\xff", b"\x1f\x8b", b"Rar!", b"7z\xbc\xaf")
JSON_MARKS: Final = (b"[", b"{")


def read_table(data: bytes, known: Collection[str], *, rows: int | None = None, mib: int | None = None) -> Table:
    """Read a file.

    Args:
        data: CSV, XLSX, JSON, JSON Lines or GeoJSON.
        known: what columns may be called, in lower case.
        rows: how many it may have at most; None for what any file may have.
        mib: how large it may be, the same way.

    Raises:
        Refused: it is none of them, or too large, or cannot be opened without danger.
    """
    most_rows, most_bytes = rows or MOST_ROWS, mib << 20 if mib else MOST_BYTES
    if len(data) > most_bytes:
        raise Refused("file_large", most=most_bytes >> 20)
    plain = data.removeprefix(b"\xef\xbb\xbf").lstrip()
    if not plain:
        raise Refused("empty")
    if data.startswith((ZIP, OLD_EXCEL)):
        return read_xlsx(data, most_rows)
    if data.startswith(BINARY):
        raise Refused("no_format")
    wide = data.startswith((b"\xff\xfe", b"\xfe\xff")) and data[2:4].strip(b"\x00")[:1] in JSON_MARKS
    if plain.startswith(JSON_MARKS) or wide:
        return read_json(data, most_rows)
    return read_csv(data, known, most_rows)

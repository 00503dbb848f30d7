"""Cells that a spreadsheet must not run: text that begins like a formula is kept text (CWE-1236)."""

from __future__ import annotations

from typing import Final

STARTS: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "\N{MINUS SIGN}", "＝", "＋", "－", "＠")
"""What a spreadsheet takes for the beginning of a formula or a command, full-width signs included."""


def guarded(text: str) -> str:
    """A text for a cell of CSV: with an apostrophe before it where it would begin a formula."""
    plain = "".join(one for one in text if one in "\n\t" or one.isprintable())
    return f"'{plain}" if plain.lstrip(" ").startswith(STARTS) else plain

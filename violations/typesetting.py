"""Papers set by typst: PDF/A-2b, the same bytes for the same data."""

from __future__ import annotations

import json
import tempfile
import threading
from collections.abc import Mapping
from datetime import datetime
from functools import cache
from importlib.resources.abc import Traversable
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

import typst

LAYOUT: Final = "layout.typ"
REMEMBERED: Final = 10
"""Runs for which typst keeps what it made of a paper, its pictures and names among it: 4 to 9 MiB each."""
NOTHING: Final[Mapping[str, bytes]] = MappingProxyType({})


def set_paper(
    layout: Path | Traversable, data: Mapping[str, Any], issued: datetime, files: Mapping[str, bytes] = NOTHING
) -> bytes:
    """A PDF of a layout and its data.

    Args:
        layout: a typst file that reads ``data.json`` and nothing else but `files`.
        data: JSON-ready.
        issued: the moment the document's metadata tell.
        files: what the layout shows, by name.
    """
    _set_since.set()
    with tempfile.TemporaryDirectory(prefix="qyran-paper-") as name:
        folder = Path(name)
        (folder / LAYOUT).write_bytes(layout.read_bytes())
        (folder / "data.json").write_text(json.dumps(data, ensure_ascii=False), encoding="utf-8")
        for file, content in files.items():
            (folder / file).write_bytes(content)
        pdf: bytes = typst.compile(
            folder / LAYOUT,
            root=folder,
            font_paths=_fonts(),
            pdf_standards="a-2b",
            timestamp=int(issued.timestamp()),
        )
    return pdf


def forget() -> None:
    """Have typst let go of the last papers, where any were set since it did; some 30 ms.

    It keeps its work for later runs and offers no other way than to let these come.
    """
    if _set_since.is_set():
        _set_since.clear()
        for _ in range(REMEMBERED):
            typst.compile(b" ", font_paths=_fonts())


_set_since: Final = threading.Event()


@cache
def _fonts() -> Any:
    """The fonts that typst carries, and none of the machine's; reading them takes a fifth of a paper's time."""
    return typst.Fonts(include_system_fonts=False)

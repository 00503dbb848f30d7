"""What a process says of itself: a file that is replaced whole, for whoever reads it at any moment."""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def replace_whole(path: Path, text: str) -> None:
    """Put a text in place of a file at once, without waiting for the disk; the folder is made where it is missing.

    Raises:
        OSError: the disk takes nothing; what stood there still does, and nothing is left beside it.
    """
    spare = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        spare.write_text(text, encoding="utf-8")
        spare.replace(path)
    except OSError:
        with contextlib.suppress(OSError):
            spare.unlink(missing_ok=True)
        raise

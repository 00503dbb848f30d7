"""Memory that is given back: the C library told to keep few arenas and no large blocks, and to return what is free.

glibc gives every thread an arena of its own, and what a thread once held stays in its arena for good: a service of two
dozen threads grew for hours although nothing in it did (measured by `qyran soak`: 22 arenas held 270 MiB of 850).
"""

from __future__ import annotations

import ctypes
import gc
import logging
import threading
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

M_ARENA_MAX: Final = -8
"""Of glibc's malloc.h."""
M_MMAP_THRESHOLD: Final = -3
LARGE: Final = 1 << 20
"""Bytes from which a block has pages of its own, which go as soon as it is free. Left alone glibc takes larger and
larger blocks (pictures, papers) from its arenas, and what lies between them stays."""
ARENAS: Final = 2
"""One for who holds Python's lock, one for who computes without it."""
TRIM_S: Final = 30.0
"""How often what is free is given back: some milliseconds each time."""

log = logging.getLogger(__name__)


def settle() -> None:
    """What is there now stays for good: Python's collector looks at what comes after it alone.

    Everything is collected only when a quarter has come to what survived before. Of the 700 thousand objects of modules
    that is hours, in which what holds itself in a circle waits; and a forked process has every page of its own that the
    collector writes to.
    """
    gc.freeze()


def give_back(forget: Callable[[], object] = lambda: None, *, large: bool = False) -> None:
    """Set up this process, once, before it starts threads; another C library is left as it is.

    Args:
        forget: lets go of what is not needed any more; called before each time that memory is given back.
        large: whether large blocks get pages of their own: for who makes few of them, not many a second.
    """
    try:
        library = ctypes.CDLL(None)
        library.mallopt(M_ARENA_MAX, ARENAS)
        if large:
            library.mallopt(M_MMAP_THRESHOLD, LARGE)
        trim = library.malloc_trim
    except (OSError, AttributeError):
        log.info("The C library is not glibc; memory is left to it.")
        return
    threading.Thread(target=_trim, args=(trim, forget), name="give-back", daemon=True).start()


def _trim(trim: ctypes._NamedFuncPointer, forget: Callable[[], object]) -> None:
    wait = threading.Event()
    while not wait.wait(TRIM_S):
        try:
            forget()
        except Exception:
            log.exception("What is not needed any more could not be let go of.")
        trim(0)

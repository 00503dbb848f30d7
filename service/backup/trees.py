"""Which folders of an installation a back-up holds, and where each belongs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from service.settings import Settings

SPOOL: Final = "spool"
VIDEO: Final = "video"
HOME: Final = "home"
KEYS: Final = "keys"
MADE_AGAIN: Final = frozenset({"live", "stills", "status", "packages", "masked", KEYS})
"""Folders of the home that are made again by themselves; keys go apart, sealed."""


@dataclass(frozen=True, slots=True)
class Tree:
    """A folder: its name in the back-up, and where it lies."""

    name: str
    folder: Path


def trees(settings: Settings, *, video: bool) -> tuple[Tree, ...]:
    """The folders that hold files of an installation, in the order in which they are copied.

    What waits in the spool goes first, before the database is read: an item that is taken in meanwhile is then in the
    database, and one that was taken in twice is known by its id. All that the database names was in its place before
    the database said so; those folders go after it.
    """
    listed = [
        Tree(SPOOL, settings.spool_folder),
        Tree("evidence", settings.evidence_folder),
        Tree("documents", settings.documents_folder),
        Tree("passages", settings.passages_folder),
    ]
    if video:
        listed.append(Tree(VIDEO, settings.video_folder))
    return (*listed, Tree(HOME, settings.home))


def files_of(tree: Tree, settings: Settings) -> Iterator[Path]:
    """Every file of a tree that belongs into a back-up, relative to its folder; hidden files are work in progress."""
    if tree.name != HOME:
        yield from _walk(tree.folder, frozenset())
        return
    apart = {
        settings.spool_folder, settings.evidence_folder, settings.documents_folder, settings.passages_folder,
        settings.video_folder, settings.live_folder, settings.masked_folder,
        *(settings.home / name for name in MADE_AGAIN),
    }  # fmt: skip
    if settings.url.get_backend_name() == "sqlite" and settings.url.database:
        store = Path(settings.url.database)
        apart |= {store, *(store.with_name(store.name + ending) for ending in ("-wal", "-shm", "-journal"))}
    yield from _walk(settings.home, frozenset(apart))


def _walk(folder: Path, apart: frozenset[Path]) -> Iterator[Path]:
    waiting = [folder]
    while waiting:
        here = waiting.pop()
        try:
            entries = sorted(here.iterdir())
        except (FileNotFoundError, NotADirectoryError):  # taken away meanwhile
            continue
        for path in entries:
            if path in apart or path.name.startswith(".") or path.is_symlink():
                continue
            if path.is_dir():
                waiting.append(path)
            elif path.is_file():
                yield path.relative_to(folder)

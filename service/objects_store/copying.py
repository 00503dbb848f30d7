"""Copying everything that lies in folders into an object store: may be cut off at any moment and run again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from evidence.canonical import file_sha256
from service.objects_store.folders import ROOTS
from service.objects_store.port import ObjectStore
from service.settings import Settings

TELL_EVERY: Final = 1000


@dataclass(frozen=True, slots=True)
class Copied:
    """What a run did: files put, files there already, bytes put."""

    put: int
    there: int
    size: int


def copy_all(settings: Settings, objects: ObjectStore, tell: Callable[[str], None]) -> Copied:
    """Put every file that the store does not hold with the same length and SHA-256.

    Raises:
        ObjectsAway: the store does not answer; what was put stays put.
    """
    put = there = size = 0
    for kind, root in ROOTS.items():
        folder = root(settings)
        known = {one.key: one for one in objects.find(f"{kind}/")}
        for path in sorted(folder.rglob("*")) if folder.is_dir() else ():
            hidden = any(part.startswith(".") for part in path.relative_to(folder).parts)
            if hidden or not path.is_file() or path.is_symlink():
                continue
            key = f"{kind}/{path.relative_to(folder).as_posix()}"
            one = known.get(key)
            if (
                one is not None
                and one.size == path.stat().st_size
                and _same(objects, key, one.sha256, file_sha256(path))
            ):
                there += 1
                continue
            objects.put(key, path)
            put, size = put + 1, size + path.stat().st_size
            if put % TELL_EVERY == 0:
                tell(f"{put} files copied, {there} were there.")
    return Copied(put, there, size)


def _same(objects: ObjectStore, key: str, known: str | None, sha256: str) -> bool:
    asked = getattr(objects, "hash_of", None)
    return (known if known is not None or asked is None else asked(key)) == sha256

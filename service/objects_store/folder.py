"""An object store that is a folder, of another disk or a mounted share."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from evidence.canonical import file_sha256
from service.durable import sync_folder
from service.objects_store.port import PIECE, Found, ObjectsAway


class FolderObjects:
    """Objects as files under a folder."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self.name = str(root)

    def put(self, key: str, path: Path) -> str:
        """See `ObjectStore.put`."""
        target, sha256 = self._root / key, file_sha256(path)
        try:
            self._write(path, target)
            there = file_sha256(target)
        except OSError as error:
            raise ObjectsAway(f"{self.name} takes nothing: {error.strerror}") from None
        if there != sha256:
            raise ObjectsAway(f"{self.name} holds something else than was put under {key}")
        return sha256

    @staticmethod
    def _write(path: Path, target: Path) -> None:
        partial = target.with_name(f".{target.name}.partial")
        target.parent.mkdir(parents=True, exist_ok=True)
        with path.open("rb") as source, partial.open("wb") as file:
            shutil.copyfileobj(source, file, PIECE)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(target)
        sync_folder(target.parent)

    def read(self, key: str, start: int = 0, end: int | None = None) -> Iterator[bytes]:
        """See `ObjectStore.read`."""
        with (self._root / key).open("rb") as file:
            file.seek(start)
            left = None if end is None else end - start
            while piece := file.read(PIECE if left is None else min(PIECE, left)):
                yield piece
                left = None if left is None else left - len(piece)

    def find(self, prefix: str) -> Iterator[Found]:
        """See `ObjectStore.find`."""
        base = self._root / prefix
        paths = [base] if base.is_file() else sorted(path for path in base.rglob("*") if path.is_file())
        for path in paths:
            if not path.name.endswith(".partial"):
                yield Found(path.relative_to(self._root).as_posix(), path.stat().st_size, file_sha256(path))

    def below(self, prefix: str) -> list[str]:
        """See `ObjectStore.below`."""
        base = self._root / prefix
        return sorted(path.name for path in base.iterdir() if path.is_dir()) if base.is_dir() else []

    def drop(self, keys: Sequence[str]) -> None:
        """See `ObjectStore.drop`."""
        for key in keys:
            path = self._root / key
            path.unlink(missing_ok=True)
            with suppress(OSError):  # the last of a folder takes it along
                for folder in path.relative_to(self._root).parents[:-1]:
                    (self._root / folder).rmdir()

    def delete(self, prefix: str) -> int:
        """See `ObjectStore.delete`."""
        found = list(self.find(prefix))
        self.drop([one.key for one in found])  # a prefix may be one object's whole key
        shutil.rmtree(self._root / prefix, ignore_errors=True)
        return len(found)

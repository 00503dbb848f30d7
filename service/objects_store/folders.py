"""Folders of files kept in the object store: packages of evidence, pictures of passages."""

from __future__ import annotations

import logging
import os
import shutil
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from pathlib import Path
from typing import Final, Literal

from service.durable import sync_tree
from service.objects_store.folder import FolderObjects
from service.objects_store.port import ObjectsAway, ObjectStore
from service.objects_store.s3 import S3Objects
from service.settings import Settings, read_secret

Kind = Literal["evidence", "passages", "documents"]
AT_ONCE: Final = 16
"""Folders that are put at the same time: an object store answers late, but many at once."""
ROOTS: Final[dict[Kind, Callable[[Settings], Path]]] = {
    "evidence": lambda settings: settings.evidence_folder,
    "passages": lambda settings: settings.passages_folder,
    "documents": lambda settings: settings.documents_folder,
}
"""Where each kind lies on this machine."""

log = logging.getLogger(__name__)


def objects_of(settings: Settings) -> ObjectStore | None:
    """The installation's object store; None where there is none.

    Raises:
        ConfigError: its address or its secrets are badly formed.
    """
    return None if settings.object_store is None else _opened(
        settings.object_store, settings.object_store_key, settings.object_store_secret
    )  # fmt: skip


@lru_cache(maxsize=4)
def _opened(url: str, key: str | None, secret: str | None) -> ObjectStore:
    return open_objects(url, key, secret)


def open_objects(url: str, key: str | None, secret: str | None) -> ObjectStore:
    """The object store at an address: ``s3://...``, or a folder's path.

    Args:
        url: the address.
        key: "env:NAME" or "file:PATH" of the access key.
        secret: the same of its secret.

    Raises:
        ConfigError: the address or a secret is badly formed.
    """
    if not url.startswith("s3://"):
        return FolderObjects(Path(url.removeprefix("file://")))
    return S3Objects(
        url, read_secret(key or "env:AWS_ACCESS_KEY_ID"), read_secret(secret or "env:AWS_SECRET_ACCESS_KEY")
    )


def keep_folder(settings: Settings, kind: Kind, place: Path) -> None:
    """Put every file of a folder into the object store; there and verified when this returns.

    Raises:
        ObjectsAway: the store does not answer.
    """
    objects = objects_of(settings)
    root = ROOTS[kind](settings)
    if objects is None or not (root / place).is_dir():
        return
    for path in sorted((root / place).rglob("*")):
        if path.is_file():
            objects.put(f"{kind}/{path.relative_to(root).as_posix()}", path)


def keep_folders(settings: Settings, kind: Kind, places: Sequence[Path]) -> None:
    """As `keep_folder`, of many, several at the same time."""
    if places and settings.object_store is not None:
        with ThreadPoolExecutor(AT_ONCE) as pool:
            list(pool.map(lambda place: keep_folder(settings, kind, place), places))


def local_folder(settings: Settings, kind: Kind, place: Path | str) -> Path:
    """A folder on this machine, fetched from the object store where it is missing here.

    Raises:
        ObjectsAway: it is missing, and the store does not answer.
    """
    root = ROOTS[kind](settings)
    target = root / place
    objects = None if target.exists() else objects_of(settings)
    if objects is None:
        return target
    prefix = f"{kind}/{Path(place).as_posix()}/"
    found = list(objects.find(prefix))
    if not found:
        return target
    partial = target.with_name(f".{target.name}.{os.getpid()}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    for one in found:
        path = partial / one.key.removeprefix(prefix)
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("wb") as file:
            for piece in objects.read(one.key):
                file.write(piece)
    sync_tree(partial)
    try:
        partial.rename(target)
    except OSError:
        shutil.rmtree(partial, ignore_errors=True)  # another process was faster
    return target


def local_file(settings: Settings, kind: Kind, file: str) -> Path:
    """A file on this machine, fetched from the object store where it is missing here.

    Raises:
        ObjectsAway: it is missing, and the store does not answer.
    """
    target = ROOTS[kind](settings) / file
    objects = None if target.exists() else objects_of(settings)
    if objects is None:
        return target
    partial = target.with_name(f".{target.name}.{os.getpid()}.partial")
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    try:
        with partial.open("wb") as out:
            for piece in objects.read(f"{kind}/{file}"):
                out.write(piece)
        partial.rename(target)
    except FileNotFoundError:
        pass  # it is nowhere
    finally:
        partial.unlink(missing_ok=True)
    return target


def drop_later(settings: Settings, kind: Kind, place: Path | str) -> None:
    """As `drop_folder`; where the object store does not answer, the folder stays, and with it the next round's try."""
    try:
        drop_folder(settings, kind, place)
    except ObjectsAway as error:
        log.warning("What was to be deleted stays for now: %s.", error)


def drop_folder(settings: Settings, kind: Kind, place: Path | str) -> None:
    """Delete a folder here and in the object store; safe to repeat.

    Raises:
        ObjectsAway: the store does not answer, or a lock keeps an object; the folder here stays to try again.
    """
    objects = objects_of(settings)
    if objects is not None:
        objects.delete(f"{kind}/{Path(place).as_posix()}/")
    shutil.rmtree(ROOTS[kind](settings) / place, ignore_errors=True)

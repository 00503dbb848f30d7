"""Making a back-up of a running installation.

The spool is copied first, then the database in one consistent state, then all that it names (`service.backup.trees`
says why). A file that stands unchanged in an earlier back-up is linked, not copied: a nightly back-up costs what the
day brought. Until the last byte is on disk the folder's name ends in ``.partial``.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

from sqlalchemy import create_engine, text

from evidence.canonical import file_sha256
from evidence.keys import installation_signer, trust_store
from qyran import __version__
from qyran.errors import ConfigError, InputError
from service.backup import sealed_keys
from service.backup.database import dump, revision_of
from service.backup.manifest import PARTIAL, Kept, Manifest, read_manifest, write_manifest
from service.backup.trees import KEYS, SPOOL, Tree, files_of, trees
from service.durable import sync_folder, write_synced

if TYPE_CHECKING:
    from service.settings import Settings

NAMED: Final = "%Y%m%dT%H%M%SZ"
SPARE: Final = 1.05
"""Free disk that is asked for before it begins, as a share of what is to be copied."""


@dataclass(frozen=True, slots=True)
class Made:
    """A finished back-up: where it lies, what it holds, and how many bytes were linked instead of copied."""

    folder: Path
    manifest: Manifest
    linked: int


def make(
    settings: Settings,
    target: Path,
    *,
    passphrase: str | None,
    previous: Path | None = None,
    video: bool = False,
    now: datetime | None = None,
) -> Made:
    """Make a back-up under a folder.

    Args:
        settings: of the installation.
        target: folder in which the back-up gets a folder of its own, named by its moment.
        passphrase: seals the installation's keys; None leaves the keys out, and whoever restores must have them.
        previous: an earlier back-up on the target's file system; by default the newest one under `target`.
        video: whether recorded video belongs to it.
        now: the moment, UTC.

    Raises:
        InputError: there is no store, or a back-up of this second exists.
        ConfigError: the disk is too small or cannot be written, or the database refuses.
    """
    now = now or datetime.now(UTC)
    revision = revision_of(settings.url)
    signer = installation_signer(settings.home)
    target.mkdir(parents=True, exist_ok=True, mode=0o700)
    earlier = previous or newest(target)
    known = {} if earlier is None else _known(earlier, settings)
    done = target / now.strftime(NAMED)
    folder = done.with_name(done.name + PARTIAL)
    if done.exists() or folder.exists():
        raise InputError(f"There is a back-up {done} already.")
    _room(settings, target, video=video)
    folder.mkdir(mode=0o700)
    try:
        wanted = trees(settings, video=video)
        copy = _Copy(folder, earlier, known)
        files = [one for tree in wanted if tree.name == SPOOL for one in copy.tree(tree, settings)]
        files.append(kept(folder, dump(settings.url, folder)))
        files += [one for tree in wanted if tree.name != SPOOL for one in copy.tree(tree, settings)]
        if passphrase is not None:
            write_synced(folder / sealed_keys.FILE, sealed_keys.seal_keys(settings.home / KEYS, passphrase))
            files.append(kept(folder, sealed_keys.FILE))
        city, demo = _identity(settings)
        manifest = Manifest(
            format=1, made=now, version=__version__, revision=revision,
            database="sqlite" if settings.url.get_backend_name() == "sqlite" else "postgresql", city_id=city,
            demo=demo, with_keys=passphrase is not None, with_video=video, key=signer.key_id,
            files=tuple(sorted(files, key=lambda one: one.path)),
        )  # fmt: skip
        write_manifest(folder, manifest, signer)
        for place in {path for path in folder.rglob("*") if path.is_dir()}:
            sync_folder(place)
        sync_folder(folder)
        folder.rename(done)
        sync_folder(target)
    except OSError as error:
        shutil.rmtree(folder, ignore_errors=True)
        raise ConfigError(f"The back-up cannot be written to {target}: {error.strerror}.") from None
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    return Made(done, manifest, copy.linked)


def newest(target: Path) -> Path | None:
    """The newest finished back-up under a folder."""
    return next(iter(sorted(finished(target), reverse=True)), None)


def finished(target: Path) -> Iterator[Path]:
    """Folders named like a back-up that was finished."""
    for path in target.iterdir():
        try:
            datetime.strptime(path.name, NAMED).replace(tzinfo=UTC)
        except ValueError:
            continue
        if path.is_dir():
            yield path


def kept(folder: Path, name: str) -> Kept:
    """A file of the back-up, as the manifest names it."""
    path = folder / name
    found = path.stat()
    return Kept(path=name, size=found.st_size, sha256=file_sha256(path), mode=found.st_mode & 0o777)


@dataclass(slots=True)
class _Copy:
    """Copies trees, and links what an earlier back-up holds."""

    folder: Path
    earlier: Path | None
    known: Mapping[str, Kept]
    linked: int = 0

    def tree(self, tree: Tree, settings: Settings) -> Iterator[Kept]:
        """Every file of a tree; what goes away meanwhile is left out."""
        for relative in files_of(tree, settings):
            name = f"{tree.name}/{relative}"
            try:
                one = self._file(tree.folder / relative, name)
            except FileNotFoundError:
                (self.folder / name).unlink(missing_ok=True)
                continue
            yield one

    def _file(self, source: Path, name: str) -> Kept:
        target = self.folder / name
        target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        before = self.known.get(name)
        if before is not None and self.earlier is not None and self._unchanged(source, self.earlier / name, before):
            os.link(self.earlier / name, target)
            self.linked += before.size
            return before
        shutil.copy2(source, target)
        with target.open("rb") as file:
            os.fsync(file.fileno())
        return kept(self.folder, name)

    @staticmethod
    def _unchanged(source: Path, earlier: Path, before: Kept) -> bool:
        """Copies keep the time of change: size and time say whether it is the same file; its hash was taken once."""
        now = source.stat()
        try:
            then = earlier.stat()
        except FileNotFoundError:
            return False
        return now.st_size == before.size == then.st_size and now.st_mtime_ns == then.st_mtime_ns


def _known(earlier: Path, settings: Settings) -> dict[str, Kept]:
    manifest = read_manifest(earlier, trust_store(settings.home))
    return {one.path: one for one in manifest.files}


def _room(settings: Settings, target: Path, *, video: bool) -> None:
    """Refuse before anything is written where the disk cannot hold it; links may make it cheaper than that."""
    wanted = 0
    for tree in trees(settings, video=video):
        for relative in files_of(tree, settings):
            try:
                wanted += (tree.folder / relative).stat().st_size
            except FileNotFoundError:
                continue
    if settings.url.get_backend_name() == "sqlite" and settings.url.database:
        wanted += Path(settings.url.database).stat().st_size
    free = shutil.disk_usage(target).free
    if newest(target) is None and wanted * SPARE > free:
        raise ConfigError(
            f"The back-up needs {wanted / 1e9:.1f} GB, {target} has {free / 1e9:.1f} GB free; give it a larger disk."
        )


def _identity(settings: Settings) -> tuple[str, bool]:
    engine = create_engine(settings.url)
    try:
        with engine.connect() as connection:
            city, demo = connection.execute(text("SELECT city_id, demo FROM store_meta")).one()
    finally:
        engine.dispose()
    return str(city), bool(demo)

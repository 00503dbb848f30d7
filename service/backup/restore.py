"""Putting a back-up back: into an empty home and an empty database, and what was erased since erased again.

An erasure ordered by law must not be undone by a back-up that is older than it. Whoever restores gives the newest
export of the ledger that there is (`qyran ledger export`): it holds no personal data, but every tombstone; what stands
under one there is erased again before anybody can log in. The same export tells which records are lost.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from evidence.keys import Trust, trust_store
from evidence.ledger import LinkLine, check_ledger, read_line
from qyran.errors import InputError, IntegrityError
from qyran.roles import SYSTEM
from service.backup import database, sealed_keys
from service.backup.manifest import Manifest, faults_of, read_manifest
from service.backup.trees import KEYS, trees
from service.erasure import erase
from service.store.alert_tables import Alert
from service.store.database import Store, open_store
from service.store.events import TOMBSTONE, Chained
from service.store.exchange_tables import ExchangeManifest
from service.store.publication_tables import KpiPublication
from service.store.tables import ViolationCase

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from service.settings import Settings

SHOWN = 3
"""Faults that a sentence names."""


@dataclass(frozen=True, slots=True)
class Restored:
    """What a restored installation is.

    Attributes:
        manifest: of the back-up.
        erased: records that were erased again.
        lost: records of the ledger that are not in the back-up, or whose newest events are not.
    """

    manifest: Manifest
    erased: tuple[str, ...] = ()
    lost: tuple[str, ...] = ()


def restore(
    settings: Settings, folder: Path, *, passphrase: str | None, trust: Trust | None = None, ledger: Path | None = None
) -> Restored:
    """Put a back-up back.

    Args:
        settings: of the installation to be; its home and its database must be empty.
        folder: the back-up.
        passphrase: of its keys; None where the home has the keys already.
        trust: keys that may have signed it; by default those of the home.
        ledger: an export of the ledger later than the back-up.

    Raises:
        InputError: the home or the database holds something, no keys are there, or nothing lies at `folder`.
        IntegrityError: the back-up or the ledger is not what was signed; nothing was restored.
        ConfigError: the database refuses.
    """
    keys = settings.home / KEYS
    held = [path.name for path in settings.home.iterdir() if path.name != KEYS] if settings.home.exists() else []
    if held:
        raise InputError(f"{settings.home} is not empty; restore into a new home (QYRAN_HOME).")
    if passphrase is None and not keys.exists():
        raise InputError(f"{keys} has no keys: give the back-up's passphrase, or put the installation's keys there.")
    manifest = read_manifest(folder, trust or trust_store(settings.home))
    refuse_damaged(folder, manifest)
    told = _ledger(ledger, trust or trust_store(settings.home)) if ledger is not None else ()
    if passphrase is not None:
        if not manifest.with_keys:
            raise InputError(f"The back-up {folder} holds no keys; put the installation's keys into {keys}.")
        sealed_keys.open_keys((folder / sealed_keys.FILE).read_bytes(), passphrase, keys)
    database.restore(settings.url, folder)
    place(settings, folder, manifest)
    store = open_store(settings)
    try:
        erased, lost = _follow(store, told)
    finally:
        store.close()
    return Restored(manifest, erased, lost)


def refuse_damaged(folder: Path, manifest: Manifest) -> None:
    """Refuse a back-up that is not what was signed.

    Raises:
        IntegrityError: files are missing, altered or too many.
    """
    faults = faults_of(folder, manifest)
    if faults:
        rest = f" and {len(faults) - SHOWN} more" if len(faults) > SHOWN else ""
        raise IntegrityError(
            f"The back-up {folder} is not what was signed: {', '.join(faults[:SHOWN])}{rest} missing or altered."
        )


def place(settings: Settings, folder: Path, manifest: Manifest, *, link: bool = False) -> None:
    """Put the files of a back-up where the settings want them.

    Args:
        settings: of the installation to be.
        folder: the back-up.
        manifest: what it holds.
        link: give files a second name instead of copying them; for a drill, which changes none.
    """
    where = {tree.name: tree.folder for tree in trees(settings, video=True)}
    for kept in manifest.files:
        name, _, relative = kept.path.partition("/")
        if name not in where or not relative:
            continue
        target = where[name] / relative
        target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        if link and _linked(folder / kept.path, target):
            continue
        shutil.copy2(folder / kept.path, target)
        target.chmod(kept.mode)


def _linked(source: Path, target: Path) -> bool:
    try:
        os.link(source, target)
    except OSError:  # another file system
        return False
    return True


def _ledger(path: Path, trust: Trust) -> tuple[LinkLine, ...]:
    """The events of a ledger's export, checked.

    Raises:
        InputError: it cannot be read.
        IntegrityError: it is not what was signed.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise InputError(f"The ledger {path} cannot be read: {error.strerror}.") from None
    faults, _ = check_ledger(data, trust)
    if faults:
        raise IntegrityError(f"The ledger {path} is not what was signed (line {faults[0].line}).")
    lines = [read_line(line) for line in data.splitlines()]
    return tuple(line for line in lines if isinstance(line, LinkLine))


def _follow(store: Store, told: Sequence[LinkLine]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Erase again what the ledger says was erased; which records, and which are lost."""
    newest: dict[str, LinkLine] = {}
    grounds: dict[str, str] = {}
    for line in told:
        newest[line.record] = line
        if line.header.get("kind") == TOMBSTONE:
            grounds[line.record] = str(line.header.get("reason"))
    erased, lost = [], []
    with store.write(SYSTEM) as work:
        for record, line in sorted(newest.items()):
            row = _row(work.session, record)
            if row is not None and row.seq >= line.seq:
                continue
            lost.append(record)
            if isinstance(row, ViolationCase | Alert) and record in grounds:
                erase(work, type(row), record, grounds[record], again=True)
                erased.append(record)
    return tuple(erased), tuple(lost)


def _row(session: Session, record: str) -> Chained | None:
    """The record of a chain, whatever it is."""
    case = session.get(ViolationCase, record) or session.get(Alert, record)
    return case or session.get(KpiPublication, record) or session.get(ExchangeManifest, record)

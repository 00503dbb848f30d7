"""Masked copies in the store: made ahead where a decision will need them, and on request for a citizen or an export.

Pictures are made as soon as an officer has a case in hand; a clip takes minutes, so it is made where it is wanted. A
decision never waits for the background: what is not there when it is signed is made then.
"""

from __future__ import annotations

import errno
import logging
import threading
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

from sqlalchemy import select

from evidence.keys import installation_signer, trust_store
from evidence.masked_copy import Kind, Making, MaskedManifest, load_masked, write_masked
from evidence.masker import Masker
from evidence.package import load_package
from evidence.verify import verify_masked
from models.plates.open_reader import open_reader
from qyran import __version__
from qyran.errors import IntegrityError, QyranError
from service.detectors import SHIPPED
from service.fault_points import reach
from service.objects_store import local_folder
from service.plate_eye import OFF, plate_models
from service.store.database import Store, Work
from service.store.evidence_tables import MaskedCopy
from service.store.tables import Evidence, ViolationCase
from violations.case import CaseState

if TYPE_CHECKING:
    from service.detectors import ModelChoice
    from service.settings import Settings

WANTED: Final = "wanted"
MADE: Final = "made"
FAILED: Final = "failed"
AHEAD: Final = (CaseState.IN_REVIEW, CaseState.SECOND_LOOK, CaseState.OFFICER_CONFIRMED, CaseState.SIGNED)
"""States of a case whose pictures will be needed masked."""
BATCH: Final = 20
FOR_NOW: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO})
"""What a disk says that will take it again once somebody has made room or mended it."""
PICTURES: Final[Kind] = "pictures"
CLIP: Final[Kind] = "clip"

ONE_AT_A_TIME: Final = threading.Lock()
"""Detectors serve one thread at a time."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class MaskedFile:
    """A masked file that may leave.

    Attributes:
        path: where it lies.
        media_type, sha256: of it.
        name, moment, role: as in the original.
    """

    path: Path
    media_type: str
    sha256: str
    name: str
    moment: str | None
    role: str


def masked_pictures(store: Store, package: Evidence) -> dict[str, MaskedFile]:
    """The masked stills and crops of a package by the names of their originals; made now where they are not there.

    Takes a second or two where they have to be made, so it is called outside of a transaction that writes.

    Raises:
        IntegrityError: the package cannot be read, or a copy is not what was made.
    """
    return _files(store, package, PICTURES)


def masked_clip(store: Store, package: Evidence) -> MaskedFile | None:
    """The masked clip of a package, made now where it is not there; None where the package has no clip.

    Raises:
        IntegrityError: the package cannot be read, or the copy is not what was made.
    """
    if not any(entry["role"] == "clip" for entry in package.files):
        return None
    return next(iter(_files(store, package, CLIP).values()), None)


def showable(store: Store, package: Evidence) -> dict[str, MaskedFile]:
    """Everything of a package that may be shown to anybody now, by the names of the originals.

    Pictures are made where they are not there; a clip is there once somebody asked for it (`ask`).

    Raises:
        IntegrityError: as `masked_pictures`.
    """
    clip = _files(store, package, CLIP) if ready(store, package, CLIP) else {}
    return masked_pictures(store, package) | clip


def ready(store: Store, package: Evidence, kind: Kind) -> bool:
    """Whether a masked copy lies there."""
    return copy_folder(store.settings, package.folder, kind).is_dir()


def ask(work: Work, package: Evidence, kind: Kind) -> None:
    """Have a masked copy made in the background."""
    if work.session.get(MaskedCopy, (package.event_id, kind)) is None:
        _asked(work, package, kind)


def make_copies(store: Store, masker: Masker | None = None) -> int:
    """Make what is wanted, and the pictures of cases in officers' hands; how many were made.

    A copy that cannot be made is told on the case and not tried again, unless only the disk stood in the way.
    """
    with store.read() as work:
        held = select(MaskedCopy.event_id).where(MaskedCopy.kind == PICTURES)
        ahead = (
            select(Evidence)
            .join(ViolationCase, ViolationCase.id == Evidence.record)
            .where(
                ViolationCase.state.in_(AHEAD),
                Evidence.erased.is_(False),
                Evidence.intact.is_(True),
                Evidence.event_id.not_in(held),
            )
            .limit(BATCH)
        )
        asked = (
            select(Evidence, MaskedCopy.kind)
            .join(MaskedCopy, MaskedCopy.event_id == Evidence.event_id)
            .where(MaskedCopy.state == WANTED, Evidence.erased.is_(False))
            .order_by(MaskedCopy.asked_at)
            .limit(BATCH)
        )
        todo: list[tuple[Evidence, Kind]] = [(package, PICTURES) for package in work.session.scalars(ahead)]
        todo += [(package, CLIP if kind == CLIP else PICTURES) for package, kind in work.session.execute(asked)]
    return sum(_tried(store, package, kind, masker) for package, kind in todo)


def copy_folder(settings: Settings, place: str, kind: Kind) -> Path:
    """Where the masked copy of a package lies; `place` is the package's folder in the store."""
    return settings.masked_folder / kind / place


def _tried(store: Store, package: Evidence, kind: Kind, masker: Masker | None) -> bool:
    error: str | None = None
    try:
        _made(store, package, kind, masker)
    except (QyranError, OSError) as fault:
        if isinstance(fault, OSError) and fault.errno in FOR_NOW:
            log.warning("A masked %s of the evidence %s is made later: %s.", kind, package.event_id, fault.strerror)
            return False
        error = str(fault)[:255]
        log.warning("No masked %s of the evidence %s: %s", kind, package.event_id, error)
    reach(store, "copy.written")
    with store.write() as work:
        row = work.session.get(MaskedCopy, (package.event_id, kind), with_for_update=True) or _asked(
            work, package, kind
        )
        row.state, row.error = (FAILED, error) if error else (MADE, None)
        row.made_at = None if error else work.now
    return error is None


def _asked(work: Work, package: Evidence, kind: Kind) -> MaskedCopy:
    row = MaskedCopy(event_id=package.event_id, kind=kind, record=package.record, state=WANTED, asked_at=work.now)
    work.session.add(row)
    return row


def _files(store: Store, package: Evidence, kind: Kind) -> dict[str, MaskedFile]:
    copy = _made(store, package, kind, None)
    folder = copy_folder(store.settings, package.folder, kind)
    return {
        one.original.name: MaskedFile(folder / one.name, one.media_type, one.sha256, one.name, one.moment, one.role)
        for one in copy.files
    }


def _made(store: Store, package: Evidence, kind: Kind, masker: Masker | None) -> MaskedManifest:
    """The copy that is there, checked, or a new one."""
    folder = copy_folder(store.settings, package.folder, kind)
    if not folder.is_dir():
        original = load_package(local_folder(store.settings, "evidence", package.folder))
        with ONE_AT_A_TIME:
            write_masked(original, kind, folder.parent, _making(store, masker))
    verdict = verify_masked(folder, trust_store(store.settings.home))
    copy = load_masked(folder)
    if not verdict.ok or copy.original_manifest_sha256 != package.manifest_sha256:
        raise IntegrityError(f"The masked copy of the evidence {package.event_id} is not what was made; remove it.")
    return copy


def _making(store: Store, masker: Masker | None) -> Making:
    own, models = eyes(store.settings.model_choice)
    return Making(masker or own, models, installation_signer(store.settings.home), __version__, store.clock())


@lru_cache(maxsize=1)
def eyes(choice: ModelChoice) -> tuple[Masker, dict[str, str]]:
    """What looks for what has to be masked, and the hashes of its weights; plates are looked for where none are read.

    Raises:
        ConfigError: a model cannot be used.
    """
    looks = replace(choice, plates=SHIPPED.plates) if choice.plates == OFF else choice
    road, plates = looks.detector("road"), looks.detector("plates")
    masker = Masker(road, plates, open_reader(engine=choice.engine))
    return masker, {"road": road.spec.sha256, **plate_models(looks)}

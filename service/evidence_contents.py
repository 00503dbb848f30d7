"""What a package holds and what it lacks, in three languages: for a case's page, and for whoever gets an export."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal

from sqlalchemy import select

from evidence.manifest import FileEntry, Manifest
from evidence.package import load_package
from qyran.errors import IntegrityError
from service import evidence_copies
from service.evidence_heads import head_of
from service.evidence_locks import Hold, hold_of
from service.evidence_settings import evidence_file
from service.evidence_stamps import STAMPED
from service.i18n import LANGUAGES, Language, moment, number, translate
from service.objects_store import ObjectsAway, local_folder
from service.records import evidence_of
from service.store.database import Work
from service.store.events import Row
from service.store.evidence_tables import EvidenceStamp
from service.store.scene_tables import CameraFile
from service.store.tables import Evidence, LedgerHead, LedgerRoot

State = Literal["present", "missing", "pending", "altered", "not_applicable"]
ROOM: Final = "evidence.contents"
DEVICE: Final = "device"


@dataclass(frozen=True, slots=True)
class Item:
    """One thing a package should hold.

    Attributes:
        name: its code.
        state: whether it is there.
        words: its name, by language.
        detail: what is to be said of it, by language; empty where nothing is.
    """

    name: str
    state: State
    words: Mapping[Language, str]
    detail: Mapping[Language, str]


@dataclass(frozen=True, slots=True)
class Contents:
    """What is there and what is missing.

    Attributes:
        items: in the order a reader expects them.
        hold: why the evidence stays, None where nothing holds it.
    """

    items: tuple[Item, ...]
    hold: Hold | None

    @property
    def missing(self) -> tuple[Item, ...]:
        """What should be there and is not, or not yet, or not as it was."""
        return tuple(item for item in self.items if item.state in {"missing", "pending", "altered"})

    @property
    def complete(self) -> bool:
        """Whether nothing is missing."""
        return not self.missing


def contents(work: Work, row: Row) -> Contents:
    """What the first package of a case or an alert holds and lacks; the files themselves are not hashed again.

    Args:
        work: a unit of work that reads.
        row: the case or the alert; whether the actor may see it is asked by who shows it.
    """
    packages = evidence_of(work, [row.id]).get(row.id, [])
    hold = hold_of(work, row)
    if not packages:
        return Contents((_item("signature", "missing"),), hold)
    package = packages[0]
    try:
        manifest = load_package(local_folder(work.store.settings, "evidence", package.folder)).manifest
    except ObjectsAway:
        return Contents((_item("signature", "pending", "detail_away"),), hold)
    except IntegrityError:
        return Contents((_item("signature", "missing" if package.erased else "altered"),), hold)
    items = [
        *_media(manifest),
        *_records(manifest),
        _trace(manifest),
        _clock(manifest),
        _scene(work, manifest),
        _models(manifest),
        _item("signature", "present" if package.intact else "altered"),
        _stamp(work, package),
        *_ledger(work, row),
        *_copies(work, package),
        _lock(work, hold),
    ]
    return Contents(tuple(items), hold)


def as_table(found: Contents) -> list[dict[str, Any]]:
    """The same as plain JSON, for an export and for the API."""
    return [
        {"name": item.name, "state": item.state, "words": dict(item.words), "detail": dict(item.detail)}
        for item in found.items
    ]


def _item(name: str, state: State, detail: str | None = None, **values: Callable[[Language], object] | object) -> Item:
    words = {lang: translate(lang, f"{ROOM}.{name}") for lang in LANGUAGES}
    said: dict[Language, str] = {}
    for lang in LANGUAGES if detail else ():
        shown = {key: value(lang) if callable(value) else value for key, value in values.items()}
        said[lang] = translate(lang, f"{ROOM}.{detail}", **shown)
    return Item(name, state, words, said)


def _or_why(name: str, state: State, why: str) -> Item:
    """A part that needs no word where it is there or not needed."""
    return _item(name, state, why if state in {"missing", "pending"} else None)


def _media(manifest: Manifest) -> Iterable[Item]:
    filmed = not _by_record(manifest)
    roles = {entry.role for entry in manifest.files}
    stills = [entry for entry in manifest.files if entry.role == "still"]
    gaps = [gap.moment for gap in manifest.gaps]
    missing: State = "missing" if filmed else "not_applicable"
    yield _or_why("clip", "present" if "clip" in roles else missing, "detail_no_clip")
    if gaps:
        yield _item("stills", "missing", "detail_gap", moments=lambda lang: _moments(lang, gaps))
    else:
        yield _item("stills", "present" if stills else "missing", "detail_count", count=len(stills))
    whole = any(_whole(entry, manifest) for entry in stills)
    yield _or_why("wide", "present" if whole else missing, "detail_no_wide")
    yield _or_why("plate_crop", "present" if "crop" in roles else _or_needless(manifest, missing), "detail_no_crop")
    yield _item("overlay", "present" if "overlay" in roles else missing)


def _records(manifest: Manifest) -> Iterable[Item]:
    roles = {entry.role for entry in manifest.files}
    needed: State = "missing" if _by_record(manifest) else "not_applicable"
    yield _item("record", "present" if "record" in roles else needed)
    yield _item("received", "present" if "received" in roles else needed)
    yield _or_why("papers", "present" if "paper" in roles else needed, "detail_no_papers")


def _trace(manifest: Manifest) -> Item:
    return _item("trace", "present" if any(entry.role == "trace" for entry in manifest.files) else "missing")


def _clock(manifest: Manifest) -> Item:
    clock = manifest.clock
    ntp = clock.get("ntp")
    if clock.get("source") == "recording":
        return _item("clock", "present", "detail_clock_recording", source=str(clock.get("start_time_from")))
    if clock.get("source") == DEVICE:
        return _item("clock", "present", "detail_clock_device")
    if not isinstance(ntp, dict) or ntp.get("state") != "measured":
        return _item("clock", "missing", "detail_clock_unknown")
    offset, age = float(str(ntp["offset_s"])), float(str(ntp["age_s"]))
    return _item(
        "clock", "present", "detail_clock", server=str(ntp["server"]),
        offset=lambda lang: number(lang, offset, 3), age=lambda lang: number(lang, age, 0),
    )  # fmt: skip


def _scene(work: Work, manifest: Manifest) -> Item:
    query = select(CameraFile.version).where(
        CameraFile.camera_id == manifest.camera.id, CameraFile.file_sha256 == manifest.camera.sha256
    )
    version = work.session.scalars(query.order_by(CameraFile.version.desc()).limit(1)).first()
    return (
        _item("scene", "present") if version is None else _item("scene", "present", "detail_version", version=version)
    )


def _models(manifest: Manifest) -> Item:
    return _item("models", "present" if manifest.models else "not_applicable" if _by_record(manifest) else "missing")


def _stamp(work: Work, package: Evidence) -> Item:
    if evidence_file(work.store.settings).time_stamp is None:
        return _item("stamp", "missing", "detail_stamp_nobody")
    row = work.session.get(EvidenceStamp, package.event_id)
    if row is not None and row.state == STAMPED and row.time is not None:
        at: datetime = row.time
        return _item("stamp", "present", "detail_stamp", time=lambda lang: _at(work, lang, at), authority=row.authority)
    if row is None or not row.attempts:
        return _item("stamp", "pending", "detail_stamp_soon")
    return _item("stamp", "pending", "detail_stamp_waits", attempts=row.attempts, why=row.error)


def _ledger(work: Work, row: Row) -> Iterable[Item]:
    query = (
        select(LedgerRoot.time)
        .join(LedgerHead, LedgerHead.root_id == LedgerRoot.id)
        .where(LedgerHead.record == row.id)
        .order_by(LedgerRoot.id)
        .limit(1)
    )
    time = work.session.scalars(query).first()
    yield _or_why("ledger", "present" if time is not None else "pending", "detail_ledger_soon")
    if evidence_file(work.store.settings).publish.model_dump(exclude={"hour"}, exclude_defaults=True):
        day = datetime.fromisoformat(time).astimezone(work.store.settings.zone).date() if time is not None else None
        yield _item("head", "present" if day is not None and head_of(work, day) is not None else "pending")


def _copies(work: Work, package: Evidence) -> Iterable[Item]:
    store = work.store
    masked = evidence_copies.ready(store, package, "pictures")
    yield _or_why("masked", "present" if masked else "pending", "detail_masked_soon")
    if any(entry["role"] == "clip" for entry in package.files):
        there = evidence_copies.ready(store, package, "clip")
        yield _item("masked_clip", "present" if there else "not_applicable")


def _lock(work: Work, hold: Hold | None) -> Item:
    held = hold.lock if hold is not None else None
    if held is None:
        return _item("lock", "not_applicable")
    at, note, reason = held.set_at, held.note, held.reason
    return _item(
        "lock", "present", "detail_lock", note=note, since=lambda lang: _at(work, lang, at),
        reason=lambda lang: translate(lang, f"{ROOM}.lock_{reason}"),
    )  # fmt: skip


def _by_record(manifest: Manifest) -> bool:
    """Whether the case rests on a record of others instead of our video."""
    return any(entry.role == "record" for entry in manifest.files)


def _whole(entry: FileEntry, manifest: Manifest) -> bool:
    clip = next((one.video for one in manifest.files if one.role == "clip"), None)
    about = entry.picture
    return clip is not None and about is not None and (about.width, about.height) == (clip.width, clip.height)


def _or_needless(manifest: Manifest, missing: State) -> State:
    return missing if manifest.finding.type == "violation" else "not_applicable"


def _moments(lang: Language, names: Iterable[str]) -> str:
    return ", ".join(translate(lang, f"vision.moment.{name}") for name in names)


def _at(work: Work, lang: Language, at: datetime) -> str:
    return moment(lang, at, work.store.settings.zone)

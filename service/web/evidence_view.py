"""Evidence on a page: player, stills, trace, integrity; and its files, sent only to who may see the record."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import timedelta
from fractions import Fraction
from pathlib import Path
from typing import Final

from starlette.responses import FileResponse

from evidence.keys import trust_store
from evidence.manifest import FileEntry, Manifest, Video
from evidence.package import load_package
from evidence.verify import verify_package
from evidence.words import sentence
from qyran.errors import IntegrityError, QyranError
from service.i18n import trace_words
from service.objects_store import ObjectsAway, local_folder
from service.store.database import Work
from service.store.tables import Evidence
from service.views import EvidenceView, HistoryItem, TraceStep
from service.web.view_models import Entry, Integrity, Place, Player, Shown, Still
from service.web.words import Words

ROOMS: Final = ("violations", "incidents", "fire_alerts", "vision")
log = logging.getLogger(__name__)

KEPT_S: Final = 600  # evidence is immutable; the browser may keep it for the length of a review
DEFAULT_FRAME_S: Final = 0.04  # one frame at 25 a second, where the manifest cannot say
SIZE: Final = (1280, 720)


def shown(
    work: Work, w: Words, base: str, packages: Sequence[EvidenceView], trace: Sequence[TraceStep], room: str
) -> Shown:
    """What a page shows of a record's first package, checked against its signature at this moment.

    Args:
        work: the unit of work.
        w: the reader.
        base: path of the record's page; the files lie under it.
        packages: of the record.
        trace: why the rule fired.
        room: whose rule it was; its words go first.
    """
    said = tuple(trace_words(w.lang, (room, *ROOMS), step.code, step.values) for step in trace)
    if not packages:
        return Shown(None, (), (), said, Integrity(ok=False, text=w.t("evidence_view.absent")), None, None)
    package = packages[0]
    try:
        folder = _folder(work, package.event_id)
    except ObjectsAway as error:
        log.warning("The evidence of %s cannot be shown: %s.", package.event_id, error)
        away = Integrity(ok=False, text=w.t("evidence_view.away"))
        return Shown(None, (), (), said, away, package.manifest_sha256, None)
    state = _integrity(work, w, folder, package)
    try:
        manifest = load_package(folder).manifest if folder is not None else None
    except IntegrityError:
        manifest = None
    if manifest is None:
        return Shown(None, (), (), said, state, package.manifest_sha256, None)
    root = f"{base}/evidence/{package.event_id}"
    filmed = any(entry.video is not None for entry in manifest.files)
    stills = tuple(_still(w, root, entry, filmed=filmed) for entry in _in_order(manifest))
    gaps = tuple(w.t("evidence_view.gap", moment=w.or_code(f"moment.{gap.moment}")) for gap in manifest.gaps)
    return Shown(_player(root, manifest, stills), stills, gaps, said, state, package.manifest_sha256, manifest)


def clip_path(base: str, packages: Sequence[EvidenceView]) -> str | None:
    """Path of the clip a browser can play, to fetch it before it is asked for."""
    for package in packages:
        names = {entry.role: entry.name for entry in package.files}
        name = names.get("viewing_copy") or names.get("clip")
        if name:
            return f"{base}/evidence/{package.event_id}/{name}"
    return None


def thumb_url(base: str, still: str | None) -> str | None:
    """Path of the picture a list shows."""
    return f"{base}/evidence/{still}" if still else None


def history(w: Words, entries: Sequence[HistoryItem], room: str) -> tuple[Entry, ...]:
    """A record's history in words, the oldest first."""
    return tuple(
        Entry(
            at=one.at,
            what=_what(w, one, room),
            who=w.t(f"role.{one.role}") if one.actor == one.role else one.actor_name,
            role=None if one.actor == one.role else one.role,
            reason=_why(w, one, room),
        )
        for one in entries
    )


def chain(w: Words, fault: str | None) -> Integrity:
    """Whether the record's chain of events is whole."""
    if fault is None:
        return Integrity(ok=True, text=w.t("evidence_view.chain_intact"))
    return Integrity(ok=False, text=w.t("evidence_view.chain_fault", why=w.or_code(f"evidence.verify.{fault}")))


def place(
    w: Words, name: str, camera_id: str, at: tuple[float | None, float | None], territory: str | None = None
) -> Place:
    """Where it happened; coordinates with five decimals, about a metre."""
    latitude, longitude = at
    known = latitude is not None and longitude is not None
    coordinates = f"{w.num(latitude, 5)}; {w.num(longitude, 5)}" if known else None  # type: ignore[arg-type]
    return Place(name, camera_id, coordinates, territory)


def send(found: tuple[Path, str]) -> FileResponse:
    """A file of the evidence: with ranges, never run as a page, kept by the reader's own browser only."""
    path, media_type = found
    headers = {
        "cache-control": f"private, max-age={KEPT_S}",
        "content-security-policy": "default-src 'none'; sandbox",
        "content-disposition": f'inline; filename="{path.name}"',
    }
    return FileResponse(path, media_type=media_type, headers=headers)


def _folder(work: Work, event_id: str) -> Path | None:
    row = work.session.get(Evidence, event_id)
    return None if row is None else local_folder(work.store.settings, "evidence", row.folder)


def _integrity(work: Work, w: Words, folder: Path | None, package: EvidenceView) -> Integrity:
    if folder is None or not folder.is_dir():
        return Integrity(ok=False, text=w.t("evidence_view.absent"))
    try:
        verdict = verify_package(folder, trust_store(work.store.settings.home))
    except (QyranError, OSError) as error:
        return Integrity(ok=False, text=w.t("evidence_view.altered", why=str(error)))
    if not verdict.ok:
        why = "; ".join(reason.text(w.lang) for reason in verdict.reasons[:3])
        return Integrity(ok=False, text=w.t("evidence_view.altered", why=why))
    if not package.intact:  # altered when it came in, whatever it looks like now
        why = "; ".join(sentence(w.lang, one.code, one.values) for one in package.faults[:3])
        return Integrity(ok=False, text=w.t("evidence_view.altered", why=why))
    return Integrity(ok=True, text=w.t("evidence_view.intact", at=w.moment(w.now)))


def _in_order(manifest: Manifest) -> list[FileEntry]:
    """Stills by the number the rule gave them, each crop right after its still."""
    pictures = [entry for entry in manifest.files if entry.picture is not None and entry.role in {"still", "crop"}]
    return sorted(pictures, key=lambda entry: (entry.picture.number if entry.picture else 0, entry.role != "still"))


def _still(w: Words, root: str, entry: FileEntry, *, filmed: bool) -> Still:
    picture = entry.picture
    assert picture is not None  # noqa: S101 - `_in_order` keeps nothing else
    width, height = picture.width, picture.height
    title = w.or_code(f"moment.{picture.moment}")
    if picture.crop is not None:
        left, top, right, bottom = picture.crop
        width, height = max(1, round(right - left)), max(1, round(bottom - top))
        title = w.t("evidence_view.crop", moment=title)
    return Still(
        url=f"{root}/{entry.name}",
        title=title,
        time=picture.time,
        video_s=picture.video_s if filmed else None,
        width=width,
        height=height,
        moment=picture.moment,
        is_crop=picture.crop is not None,
    )


def _player(root: str, manifest: Manifest, stills: tuple[Still, ...]) -> Player | None:
    clips = {entry.role: entry for entry in manifest.files if entry.video is not None}
    clip = clips.get("viewing_copy") or clips.get("clip")
    if clip is None or clip.video is None:
        return None
    video = clip.video
    length = video.end_s - video.start_s
    overlay = next((entry.name for entry in manifest.files if entry.role == "overlay"), None)
    original = clips.get("clip", clip)
    return Player(
        clip_url=f"{root}/{clip.name}",
        original_url=f"{root}/{original.name}",
        is_copy=clip.role == "viewing_copy",
        frame_s=round(length / (len(video.frames) - 1), 6) if len(video.frames) > 1 and length > 0 else DEFAULT_FRAME_S,
        times=_times(video),
        start_s=video.start_s,
        start_at=manifest.anchor.time + timedelta(seconds=video.start_s - manifest.anchor.video_s),
        act=(
            round(max(0.0, manifest.finding.onset_s - video.start_s), 3),
            round(max(0.0, manifest.finding.video_s - video.start_s), 3),
        ),
        width=video.width,
        height=video.height,
        poster_url=stills[0].url if stills else None,
        overlay_url=f"{root}/{overlay}" if overlay else None,
    )


def _times(video: Video) -> tuple[float, ...]:
    """Seconds of the frames after the first, by their original PTS."""
    first = video.frames[0][1] if video.frames else 0
    tick = Fraction(video.time_base)
    return tuple(round(float((pts - first) * tick), 4) for _, pts in video.frames)


def _what(w: Words, one: HistoryItem, room: str) -> str:
    if one.kind == "state" and one.target:
        target = w.or_code(f"{room}.state.{one.target}")
        return f"{w.or_code(f'{room}.state.{one.source}')} → {target}" if one.source else target
    if one.target:
        return f"{w.or_code(f'attribute.{one.kind}')}: {w.or_code(f'{room}.{one.kind}.{one.target}')}"
    return w.or_code(f"event.{one.kind}")


def _why(w: Words, one: HistoryItem, room: str) -> str | None:
    parts = []
    if one.reason:
        parts.append(w.or_code(f"{room}.reason.{one.reason}"))
    if one.note:
        parts.append(f"«{one.note}»")
    if one.erased is not None:
        parts.append(w.t("evidence_view.erased", number=str(one.erased)))
    return "; ".join(parts) or None

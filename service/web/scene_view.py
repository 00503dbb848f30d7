"""What the scene's page shows, and what its script is given."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, get_args

from qyran.errors import CameraFileError
from service import i18n, scenes
from service.scene_files import SceneFiles
from service.scenes import SceneVersion, SceneView
from service.store.database import Work
from service.web.words import Words
from service.web.worker_view import WorkerView, worker_view
from vision.camera import LineKind, ZoneKind
from vision.camera_parts import Turn, VehicleClass, Weekday
from vision.camera_toml import to_toml

MANOEUVRES: Final = ("turn", "u_turn")
ROADS: Final = ("street", "motorway")


@dataclass(frozen=True, slots=True)
class Force:
    """Which version is in force: `state` for scripts, a tone, and the sentence."""

    state: str
    tone: str
    text: str


@dataclass(frozen=True, slots=True)
class VersionRow:
    """One version; `notes` say what it changed."""

    version: int
    since: datetime
    by: str
    comment: str | None
    notes: tuple[str, ...]
    newest: bool


@dataclass(frozen=True, slots=True)
class ScenePage:
    """The page.

    Attributes:
        text: the scene as TOML; empty where the version is not right any more.
        data: what the script is given.
    """

    camera: str
    name: str
    version: int
    editable: bool
    force: Force
    worker: WorkerView | None
    still_at: datetime | None
    text: str
    versions: tuple[VersionRow, ...]
    data: dict[str, Any]


def scene_view(work: Work, w: Words, camera_id: str, csrf: str, now: datetime) -> ScenePage:
    """Everything the page shows of a camera.

    Raises:
        NotFound: there is no such camera.
        AccessError: the visitor looks at no scenes.
    """
    seen = scenes.look(work, camera_id)
    found = scenes.versions(work, camera_id)
    files = SceneFiles.of(work.store.settings, camera_id)
    editable = scenes.may_edit(work)
    still_at = _still_at(files) if editable and scenes.sees_still(work) else None
    return ScenePage(
        camera=camera_id,
        name=i18n.named(w.lang, dict(seen.whole.get("name", {})), camera_id),
        version=seen.version,
        editable=editable,
        force=_force(w, files, found, now),
        worker=worker_view(w, work.store.settings.home, camera_id, now),
        still_at=still_at,
        text=_text(seen),
        versions=tuple(_row(w, one, seen.version) for one in found),
        data=_data(w, seen, csrf, editable=editable, has_still=still_at is not None),
    )


def _text(seen: SceneView) -> str:
    try:
        return to_toml(seen.parsed(), scenes.KEYS)
    except CameraFileError:
        return ""


def _still_at(files: SceneFiles) -> datetime | None:
    try:
        return datetime.fromtimestamp(files.still.stat().st_mtime, UTC)
    except OSError:
        return None


def _force(w: Words, files: SceneFiles, found: tuple[SceneVersion, ...], now: datetime) -> Force:
    heard = files.heard()
    if heard is None or not heard.is_alive(now):
        return Force("idle", "", w.t("scene.not_watched"))
    state, newest = heard.state, found[0]
    if state.problem is not None:
        return Force("refused", "bad", w.t("scene.refused", why=state.problem))
    since = w.moment(state.since)
    if state.version_sha256 == newest.file_sha256:
        return Force("in_force", "good", w.t("scene.in_force", version=newest.version, time=since))
    if files.published.exists():
        return Force("waiting", "warn", w.t("scene.waiting", version=newest.version))
    return Force("own", "", w.t("scene.in_force_own", time=since))


def _row(w: Words, one: SceneVersion, newest: int) -> VersionRow:
    notes = [change.words(w.lang) for change in one.differences]
    if one.restores is not None:
        notes.insert(0, w.t("scene.versions_restored", version=one.restores))
    if not notes:
        notes = [w.t("scene.versions_first" if one.version == 1 else "scene.versions_same")]
    by = one.by or w.t("scene.versions_machine")
    return VersionRow(one.version, one.since, by, one.comment, tuple(notes), one.version == newest)


def _data(w: Words, seen: SceneView, csrf: str, *, editable: bool, has_still: bool) -> dict[str, Any]:
    api = f"/api/v1/cameras/{seen.camera}"
    words = {key.removeprefix("scene."): text for key, text in i18n.texts(w.lang).items() if key.startswith("scene.")}
    words |= {f"class.{one}": w.t(f"class.{one}") for one in get_args(VehicleClass)}
    return {
        "scene": seen.content,
        "version": seen.version,
        "editable": editable,
        "lang": w.lang,
        "csrf": csrf,
        "urls": {
            "scene": f"{api}/scene", "check": f"{api}/scene/check", "still": f"{api}/still" if has_still else None,
        },
        "size": scenes.PICTURE,
        "choices": {
            "line": get_args(LineKind), "zone": get_args(ZoneKind), "turn": get_args(Turn), "day": get_args(Weekday),
            "class": get_args(VehicleClass), "manoeuvre": MANOEUVRES, "road": ROADS,
        },
        "words": words,
    }  # fmt: skip

"""Where an alert is: asked once when it is raised, and again when another camera's report merges into it.

Never a reason for an alert not to be raised: what cannot be told leaves the alert with less of a place, or none.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from datetime import date, datetime
from functools import lru_cache
from typing import Any, Final, Protocol

from sqlalchemy import or_, select

from evidence.canonical import canonical_json
from incidents.where.eye import Eye
from incidents.where.fix import Sight, Source, from_many
from incidents.where.place import Place
from incidents.where.seen import FIRES, Sighting, line_of_sight, where_seen
from qyran.earth import distance_m
from qyran.errors import CameraFileError, QyranError
from service import i18n
from service.places.addresses import nearest
from service.protected_objects.near import object_near, place_of_object
from service.store.alert_tables import Alert
from service.store.database import Work
from service.store.place_tables import AlertBearing, AlertOwnPlace
from service.store.scene_tables import CameraFile
from service.store.tables import Camera as CameraRow
from vision.camera import Camera

CAMERA: Final = "camera"
AN_ADDRESS_M: Final = 300.0
"""A place that may be farther off than this is no house: it is told by the camera that saw it."""
AN_OBJECT_M: Final = 100.0
"""A place that may be farther off than this is at no object in particular."""
DIGITS: Final = 7
"""Of a degree: a centimetre."""
EYES: Final = 2_000
"""Cameras whose calibration is kept worked out; a worked-out one takes some kilobytes, working it out 0.1 s."""
PICTURE: Final = (1920, 1080)
"""Size of a picture whose size nobody told: its shape is that of most."""

log = logging.getLogger(__name__)


class Teller(Protocol):
    """Who reports: `service.alert_taking.Device`."""

    @property
    def kind(self) -> str:
        """Camera, sensor or person."""

    @property
    def id(self) -> str:
        """Of the camera or sensor."""


class Told(Protocol):
    """What a place is told from: `service.alert_taking.Report`."""

    @property
    def id(self) -> str:
        """Of the report."""

    @property
    def kind(self) -> str:
        """Of incident or fire."""

    @property
    def device(self) -> Teller:
        """Who reports."""

    @property
    def t_detect(self) -> datetime:
        """When."""

    @property
    def box(self) -> Sequence[float] | None:
        """Where in the picture, pixels."""

    @property
    def class_(self) -> str | None:
        """Road class of the subject."""

    @property
    def picture(self) -> tuple[int, int] | None:
        """Size of the picture, pixels."""

    @property
    def ground_m(self) -> tuple[float, float] | None:
        """Where on the road plane, metres."""

    @property
    def zone(self) -> str | None:
        """In which zone of the camera file."""

    @property
    def place(self) -> Place | None:
        """Where, as far as the reporter knows."""

    @property
    def object_id(self) -> str | None:
        """At which protected object, as far as the reporter knows."""


def locate(work: Work, report: Told, camera: Camera | None = None) -> Place | None:
    """The place of a report with its address and its object; None where nobody knows.

    Args:
        work: the unit of work.
        report: what was told.
        camera: file of the camera that reports; None asks the register.
    """
    place = report.place
    file = camera
    if place is None and report.device.kind == CAMERA:
        file = file or camera_of(work, report.device.id)
        place = _seen(work, file, report)
    if place is None and report.object_id is not None:
        place = place_of_object(work, report.object_id)
    return None if place is None else complete(work, place, file, report.object_id)


def note_sight(work: Work, report: Told, camera: Camera | None = None) -> None:
    """Keep the line along which a camera saw fire, for when another camera sees it too; the report is stored."""
    if report.device.kind != CAMERA or report.kind not in FIRES:
        return
    file = camera or camera_of(work, report.device.id)
    eye = _eye(work, file, report)
    try:
        sight = None if eye is None else line_of_sight(eye, _sighting(report))
    except (QyranError, ArithmeticError, ValueError):
        log.exception("The line of sight of the report %s is not told.", report.id)
        return
    if sight is None:
        return
    work.session.flush()
    work.session.add(
        AlertBearing(
            alert_id=report.id,
            camera_id=report.device.id,
            latitude=sight.latitude,
            longitude=sight.longitude,
            sigma_m=sight.sigma_m,
            bearing_deg=sight.bearing_deg,
            sigma_deg=sight.sigma_deg,
            near_m=sight.near_m,
            range_m=sight.range_m,
        )
    )


def settle(work: Work, alert: Alert) -> None:
    """Place an alert by all reports that stand under it, after one was merged into it or parted from it.

    Bearings of several cameras are crossed; else the report that knows its place best counts, the alert's own before
    others that know it no better.
    """
    work.session.flush()
    kept = work.session.get(AlertOwnPlace, alert.id)
    own = _placed(alert) if kept is None else _restored(kept.place)
    under = work.session.scalars(select(Alert).where(Alert.merged_into == alert.id).order_by(Alert.t_detect, Alert.id))
    known = [one for one in (own, _crossed(work, alert), *map(_placed, under)) if one is not None]
    if not known:
        return
    best = min(known, key=lambda one: one.radius_m)
    if kept is None and best is own:
        return
    if kept is None and own is not None:
        work.session.add(AlertOwnPlace(alert_id=alert.id, place=asdict(own)))
    set_place(alert, best if best is own or best.address is not None else complete(work, best, None, alert.object_id))


def set_place(row: Alert, place: Place) -> None:
    """Note where an alert is."""
    row.latitude, row.longitude, row.radius_m = place.latitude, place.longitude, place.radius_m
    row.region = [list(point) for point in place.region] if place.region is not None else None
    row.place_source = place.source
    row.address = dict(place.address) if place.address is not None else None
    row.object_id = row.object_id or place.object_id


def complete(work: Work, place: Place, camera: Camera | None, object_id: str | None) -> Place:
    """A place with its nearest address and the protected object it lies in."""
    if object_id is None and place.object_id is None and place.radius_m <= AN_OBJECT_M:
        object_id = object_near(work, place.latitude, place.longitude, place.radius_m)
    address: Mapping[str, str] | None = place.address
    if address is None and place.radius_m <= AN_ADDRESS_M:
        near = nearest(work, place.latitude, place.longitude)
        address = None if near is None else near.words
    if address is None and camera is not None and camera.address is not None:
        address = _by_camera(place, camera)
    region = None if place.region is None else tuple((round(a, DIGITS), round(b, DIGITS)) for a, b in place.region)
    return replace(
        place,
        latitude=round(place.latitude, DIGITS),
        longitude=round(place.longitude, DIGITS),
        radius_m=round(place.radius_m, 2),
        region=region,
        address=address,
        object_id=place.object_id or object_id,
    )


def _by_camera(place: Place, camera: Camera) -> dict[str, str]:
    """The camera's own address; where the place may be elsewhere, said to be what it is seen from."""
    assert camera.address is not None  # noqa: S101  who asks for it has looked
    words: dict[str, str] = camera.address.model_dump()
    hung = None if camera.latitude is None or camera.longitude is None else (camera.latitude, camera.longitude)
    apart = math.inf if hung is None else distance_m(hung, (place.latitude, place.longitude)) + place.radius_m
    if apart <= AN_ADDRESS_M:
        return words
    return {lang: i18n.translate(lang, "map.seen_from", where=words[lang]) for lang in i18n.LANGUAGES}


def camera_of(work: Work, camera_id: str) -> Camera | None:
    """The file of a registered camera in force; None where there is none that this program understands."""
    row = work.session.get(CameraRow, camera_id)
    version = None if row is None else work.session.get(CameraFile, (camera_id, row.file_version))
    if version is None:
        return None
    try:
        return _camera(canonical_json(version.content))
    except ValueError:
        log.warning("The file of the camera %s is not understood; its alerts have no place.", camera_id)
        return None


def eye_of(camera: Camera, width: int, height: int, day: date) -> Eye:
    """The eye of a camera on a day; without its road where the calibration has run out or cannot be used."""
    eye = _eye_of(camera.model_dump_json(), width, height)
    counts = eye.road is None or eye.road.valid_at(day)
    return eye if counts else replace(eye, road=None)


@lru_cache(maxsize=EYES)
def _camera(content: bytes) -> Camera:
    return Camera.model_validate_json(content)


@lru_cache(maxsize=EYES)
def _eye_of(content: str, width: int, height: int) -> Eye:
    camera = Camera.model_validate_json(content)
    try:
        return Eye.of(camera, width, height, date.min)
    except CameraFileError as error:
        log.warning("A place is told without the road: %s", error)
        return Eye(camera, width, height, None)


def _seen(work: Work, file: Camera | None, report: Told) -> Place | None:
    eye = _eye(work, file, report)
    if eye is None:
        return None
    try:
        return where_seen(eye, _sighting(report))
    except (QyranError, ArithmeticError, ValueError):
        # Whatever a calibration can do wrong, the alert is raised.
        log.exception("The place of the report %s is not told.", report.id)
        return None


def _eye(work: Work, file: Camera | None, report: Told) -> Eye | None:
    if file is None:
        return None
    day = report.t_detect.astimezone(work.store.settings.zone).date()
    return eye_of(file, *(report.picture or PICTURE), day)


def _sighting(report: Told) -> Sighting:
    box = None if report.picture is None else report.box
    return Sighting(report.kind, box, report.class_, report.ground_m, report.zone)


def _crossed(work: Work, older: Alert) -> Place | None:
    if older.kind not in FIRES:
        return None
    query = (
        select(AlertBearing)
        .join(Alert, Alert.id == AlertBearing.alert_id)
        .where(or_(Alert.id == older.id, Alert.merged_into == older.id))
        .order_by(Alert.t_detect.desc(), Alert.id)
    )
    newest: dict[str, Sight] = {}
    for one in work.session.scalars(query):
        sight = Sight(one.latitude, one.longitude, one.bearing_deg, one.sigma_deg, one.range_m, one.near_m, one.sigma_m)
        newest.setdefault(one.camera_id, sight)
    fix = from_many(list(newest.values()))
    return None if fix is None else fix.place


def _restored(place: Mapping[str, Any]) -> Place:
    region = place["region"]
    return Place(**{**place, "region": None if region is None else tuple((lat, lon) for lat, lon in region)})


def _placed(row: Alert) -> Place | None:
    if row.latitude is None or row.longitude is None or row.radius_m is None:
        return None
    region = None if row.region is None else tuple((float(lat), float(lon)) for lat, lon in row.region)
    source = row.place_source or Source.CAMERA.value
    return Place(row.latitude, row.longitude, row.radius_m, region, source, row.address, row.object_id)

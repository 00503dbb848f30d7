"""What the map shows, as GeoJSON (RFC 7946), and of it only what the reader may see.

Each feature says in `layer` what it is: alert, region (where that alert can be), camera, view (what it looks at),
object, road. Words come in the reader's language, so that the map needs none of its own.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any, Final, Literal

from shapely import LineString
from sqlalchemy import and_, or_, select

from incidents.alert import OPEN, AlertState
from incidents.severity import FIRE_KINDS, attention
from incidents.where.eye import VIEW_DEG, sigma_of_wide
from incidents.where.fix import Sight, from_one
from qyran.errors import ConfigError
from qyran.roles import SYSTEM
from service import city_inputs, i18n
from service.access import ALERT_READERS, CAMERA_READERS, log_access, require
from service.alerting.reading import visible
from service.i18n import Language, named
from service.places.tiles import tile_set
from service.protected_objects.register import READERS as OBJECT_READERS
from service.protected_objects.sealed import details_of
from service.records import camera_names
from service.store.alert_tables import Alert
from service.store.database import Work
from service.store.scene_tables import CameraFile
from service.store.sensor_tables import ProtectedObject
from service.store.tables import Camera

Layer = Literal["alerts", "cameras", "objects", "roads"]
Feature = dict[str, Any]

LAYERS: Final[tuple[Layer, ...]] = ("alerts", "cameras", "objects", "roads")
MOST_ALERTS: Final = 2_000
FADING: Final = timedelta(minutes=30)
"""What was closed within so long is still shown, paler: whoever looked away sees what became of it."""
VIEW_M: Final = 80.0
"""Length of a camera's view on the map: a sign of where it looks, not of how far."""
ROAD_DEG: Final = 3e-5
"""A road's line may be this far off, some 3 m: no more of its points are sent."""
MOST_POINTS: Final = 60_000
DIGITS: Final = 6
"""Of a degree: a decimetre."""
NEW: Final = frozenset({AlertState.RAISED, AlertState.NOTIFIED, AlertState.REOPENED})
WORDS: Final = (
    "label", "list", "none", "many", "zoom_in", "zoom_out", "whole_city", "no_gl", "lost", "unplaced", "camera",
    "object", "drill", "closed", "m", "km",
)  # fmt: skip

log = logging.getLogger(__name__)


def collection(work: Work, layers: Iterable[Layer], lang: Language, *, also: str | None = None) -> dict[str, Any]:
    """The map of what the reader may see.

    Args:
        work: the unit of work; one that writes where objects are asked for.
        layers: what to show.
        lang: of the words.
        also: an alert that is shown though it was closed long ago or merged: the reader looks at it.

    Raises:
        AccessError: the reader sees no alerts.
    """
    role = require(work.actor, ALERT_READERS)
    asked = frozenset(layers)
    features: list[Feature] = []
    if "alerts" in asked:
        features += _alerts(work, lang, also)
    if "cameras" in asked and work.actor.acts_as(CAMERA_READERS) is not None:
        features += _cameras(work, lang)
    if "objects" in asked and work.actor.acts_as(OBJECT_READERS) is not None:
        found = _objects(work, lang)
        if found:
            log_access(work, role, "objects_on_map", "objects")
        features += found
    if "roads" in asked:
        features += _roads(work)
    words = {name: i18n.translate(lang, f"map.{name}", n="{n}") for name in WORDS}
    return {"type": "FeatureCollection", "features": features, "words": words, "lang": lang, "tiles": _tiles(work)}


def _tiles(work: Work) -> dict[str, Any] | None:
    """What lies beneath; a file that is damaged leaves the plain grid."""
    path = work.store.settings.map_file
    try:
        return None if path is None else tile_set(path).as_dict()
    except ConfigError as error:
        log.warning("The map is a plain grid: %s", error)
        return None


def _alerts(work: Work, lang: Language, also: str | None) -> list[Feature]:
    standing = and_(or_(Alert.state.in_(OPEN), Alert.t_closed >= work.now - FADING), Alert.merged_into.is_(None))
    query = visible(work.actor, select(Alert)).where(or_(standing, Alert.id == also) if also else standing)
    rows = work.session.scalars(query.order_by(Alert.t_detect.desc(), Alert.id).limit(MOST_ALERTS)).all()
    cameras = camera_names(work, (row.camera_id for row in rows))
    found: list[Feature] = []
    for row in rows:
        camera = cameras.get(row.camera_id)
        latitude, longitude, source = row.latitude, row.longitude, row.place_source
        if (latitude is None or longitude is None) and camera is not None:
            latitude, longitude, source = camera.latitude, camera.longitude, "camera"
        if latitude is None or longitude is None:
            continue
        told = _told(row, lang, named(lang, camera.name, row.camera_id) if camera else row.camera_id, source)
        found.append(_feature("alert", row.id, _point(longitude, latitude), told))
        region = _region(row)
        if region is not None:
            found.append(_feature("region", row.id, region, {name: told[name] for name in ("severity", "open")}))
    return found


def _told(row: Alert, lang: Language, camera: str, source: str | None) -> dict[str, Any]:
    room = "fire_alerts" if row.kind in FIRE_KINDS else "incidents"
    address = None if row.address is None else named(lang, row.address, "")
    return {
        "version": row.version,
        "kind": row.kind,
        "title": _word(lang, f"{room}.kind.{row.kind}", row.kind),
        "state": row.state,
        "state_words": _word(lang, f"incidents.state.{row.state}", row.state),
        "severity": attention(row.kind),
        "fresh": row.state in NEW,
        "open": row.state in OPEN,
        "drill": row.is_drill,
        "where": address or camera,
        "camera": camera,
        "radius_m": None if row.radius_m is None else round(row.radius_m),
        "source": source,
        "source_words": _how(lang, source, row.radius_m),
        "t_detect": row.t_detect.isoformat(),
    }


def _how(lang: Language, source: str | None, radius_m: float | None) -> str:
    """How the place is known, and how far it can be off."""
    key = f"map.source_{source}"
    if radius_m is None or not i18n.has(lang, key):
        return ""
    return i18n.translate(lang, key, m=i18n.number(lang, float(round(radius_m, -1 if radius_m > 100 else 0)), 0))


def _region(row: Alert) -> dict[str, Any] | None:
    if row.region:
        return _polygon([(float(lon), float(lat)) for lat, lon in row.region])
    if row.radius_m is None or row.latitude is None or row.longitude is None:
        return None
    fix = from_one(Sight(row.latitude, row.longitude, 0.0, 180.0, row.radius_m))
    return _polygon([(lon, lat) for lat, lon in fix.ring])


def _cameras(work: Work, lang: Language) -> list[Feature]:
    rows = work.session.execute(
        select(Camera, CameraFile.content)
        .join(CameraFile, (CameraFile.camera_id == Camera.id) & (CameraFile.version == Camera.file_version))
        .where(Camera.retired.is_(None), Camera.latitude.is_not(None), Camera.longitude.is_not(None))
        .order_by(Camera.id)
    )
    found: list[Feature] = []
    for row, content in rows:
        about = {"title": named(lang, row.name, row.id), "status": row.status}
        found.append(_feature("camera", row.id, _point(row.longitude, row.latitude), about))
        heading = content.get("heading_deg")
        if heading is not None:
            wide = content.get("field_of_view_deg") or VIEW_DEG
            sight = Sight(row.latitude, row.longitude, heading, sigma_of_wide(wide), VIEW_M)
            found.append(_feature("view", row.id, _polygon([(lon, lat) for lat, lon in from_one(sight).ring]), {}))
    return found


def _objects(work: Work, lang: Language) -> list[Feature]:
    rows = work.session.scalars(select(ProtectedObject).order_by(ProtectedObject.id)).all()
    details = details_of(work, [row.version_id for row in rows])
    found = []
    for row in rows:
        known = details.get(row.version_id)
        if known is None or known.latitude is None or known.longitude is None:
            continue
        if row.until is not None and row.until < work.now:
            continue
        names = {str(one): name for one, name in known.name.items()}
        about = {"title": named(lang, names, row.id) if names else row.id}
        found.append(_feature("object", row.id, _point(known.longitude, known.latitude), about))
    return found


def _roads(work: Work) -> list[Feature]:
    """The road register's lines, else the roads that cameras have in view."""
    entry = city_inputs.newest(replace(work, actor=SYSTEM), ["roads"]).get("roads")
    lines: Sequence[Sequence[Sequence[float]]] = [] if entry is None else entry.value.get("lines", [])
    if not lines:
        lines = [one for one in work.session.scalars(select(Camera.covers).where(Camera.retired.is_(None))) if one]
    points, kept = 0, []
    for line in lines:
        thin = list(LineString(line).simplify(ROAD_DEG).coords) if len(line) > 1 else []
        points += len(thin)
        if points > MOST_POINTS:
            break
        if thin:
            kept.append([[round(x, DIGITS), round(y, DIGITS)] for x, y in thin])
    return [_feature("road", "roads", {"type": "MultiLineString", "coordinates": kept}, {})] if kept else []


def _feature(layer: str, id_: str, geometry: dict[str, Any], properties: dict[str, Any]) -> Feature:
    return {"type": "Feature", "id": id_, "geometry": geometry, "properties": {"layer": layer, "id": id_, **properties}}


def _point(longitude: float, latitude: float) -> dict[str, Any]:
    return {"type": "Point", "coordinates": [round(longitude, DIGITS), round(latitude, DIGITS)]}


def _polygon(ring: Sequence[tuple[float, float]]) -> dict[str, Any]:
    closed = [[round(x, DIGITS), round(y, DIGITS)] for x, y in ring]
    if closed[0] != closed[-1]:
        closed.append(closed[0])
    return {"type": "Polygon", "coordinates": [closed]}


def _word(lang: Language, key: str, otherwise: str) -> str:
    return i18n.translate(lang, key) if i18n.has(lang, key) else otherwise

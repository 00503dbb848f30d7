"""Passages in words: cards of a search, stops of a route, the choices of the form."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from service.i18n import named
from service.passage_route import Route, Stop
from service.passage_still import VEHICLE, VIEW
from service.passages import PassageView
from service.query_log import REASONS
from service.web.words import Words

CLASSES: Final = ("car", "bus", "truck", "motorcycle", "bicycle")
TYPES: Final = ("car", "van", "bus", "truck")
COLOURS: Final = ("white", "grey", "black", "red", "yellow", "green", "blue")
DIRECTIONS: Final = ("forward", "backward")


@dataclass(frozen=True, slots=True)
class Sign:
    """One sign of a plate; a doubtful one is marked."""

    text: str
    doubtful: bool


@dataclass(frozen=True, slots=True)
class Card:
    """A passage as a card.

    Attributes:
        signs: of its plate; empty where it was not read.
        doubt: which signs are doubtful, in words.
        looks: class, body and colour.
        still_url, view_url: its pictures.
    """

    id: str
    time: datetime
    camera: str
    camera_id: str
    line: str
    lane: str | None
    direction: str | None
    looks: str
    speed: str | None
    plate: str | None
    signs: tuple[Sign, ...]
    score: str | None
    doubt: str | None
    still_url: str | None
    view_url: str | None
    held_for: str | None


@dataclass(frozen=True, slots=True)
class StopRow:
    """A stop of a route: the card, and what is known of the way from the stop before, in words."""

    number: int
    card: Card
    way: str | None
    gap: str | None
    impossible: str | None


@dataclass(frozen=True, slots=True)
class FormView:
    """What the search form offers and holds."""

    cameras: tuple[tuple[str, str], ...]
    classes: tuple[tuple[str, str], ...]
    types: tuple[tuple[str, str], ...]
    colours: tuple[tuple[str, str], ...]
    directions: tuple[tuple[str, str], ...]
    reasons: tuple[tuple[str, str], ...]
    held: Mapping[str, str]


def card(w: Words, seen: PassageView, base: str | None = None) -> Card:
    """A passage in words; `base` is where its pictures lie if its own search does not open them."""
    names = {VEHICLE: None, VIEW: None} | {name: _still(seen, name, base) for name in seen.stills}
    plate = seen.plate or ""
    doubtful = [position for position in seen.plate_uncertain if position < len(plate)]
    return Card(
        id=seen.id,
        time=seen.time,
        camera=named(w.lang, seen.camera_name, seen.camera_id),
        camera_id=seen.camera_id,
        line=named(w.lang, seen.line_name or {}, seen.line or ""),
        lane=named(w.lang, seen.lane_name or {}, seen.lane) if seen.lane else None,
        direction=w.t(f"passages.{seen.direction}") if seen.direction else None,
        looks=_looks(w, seen),
        speed=_speed(w, seen),
        plate=seen.plate,
        signs=tuple(Sign(sign, position in doubtful) for position, sign in enumerate(plate)),
        score=w.t("passages.score", score=w.num(100 * seen.plate_score, 0)) if seen.plate_score is not None else None,
        doubt=w.t("passages.doubtful", signs=", ".join(str(one + 1) for one in doubtful)) if doubtful else None,
        still_url=names[VEHICLE],
        view_url=names[VIEW],
        held_for=seen.held_for,
    )


def stop_rows(w: Words, route: Route) -> tuple[StopRow, ...]:
    """A route's stops in words."""
    return tuple(_stop(w, stop) for stop in route.stops)


def form_view(w: Words, cameras: Sequence[tuple[str, Mapping[str, str]]], held: Mapping[str, str]) -> FormView:
    """The form; `held` is what it was sent with."""
    return FormView(
        cameras=tuple(sorted(((key, named(w.lang, dict(name), key)) for key, name in cameras), key=lambda one: one[1])),
        classes=tuple((code, w.t(f"class.{code}")) for code in CLASSES),
        types=tuple((code, w.t(f"vehicle_type.{code}")) for code in TYPES),
        colours=tuple((code, w.t(f"colour.{code}")) for code in COLOURS),
        directions=tuple((code, w.t(f"passages.{code}")) for code in DIRECTIONS),
        reasons=tuple((code, w.t(f"search_reason.{code}")) for code in REASONS),
        held=held,
    )


def wanted_words(w: Words, wanted: Mapping[str, object] | None) -> str:
    """What was searched for, for the log: plate, places, time, looks."""
    if wanted is None:
        return w.t("passages.erased")
    parts = [str(wanted["plate"])] if wanted.get("plate") else []
    cameras, classes = wanted.get("cameras"), wanted.get("classes")
    parts += [str(one) for one in cameras] if isinstance(cameras, list) else []
    parts += [w.or_code(f"class.{one}") for one in classes] if isinstance(classes, list) else []
    parts += [w.or_code(f"vehicle_type.{one}") for one in (wanted.get("vehicle_type"),) if one]
    parts += [w.or_code(f"colour.{one}") for one in (wanted.get("colour"),) if one]
    parts += [w.or_code(f"passages.{one}") for one in (wanted.get("direction"),) if one]
    parts += [str(one) for name in ("number", "place", "camera", "article") if (one := wanted.get(name))]
    parts += [w.or_code(f"violations.kind.{one}") for one in (wanted.get("kind"),) if one]
    states = wanted.get("states")
    parts += [w.or_code(f"violations.state.{one}") for one in states] if isinstance(states, list) else []
    span = [w.moment(datetime.fromisoformat(str(wanted[name]))) for name in ("start", "end") if wanted.get(name)]
    return " · ".join([*parts, " \N{EN DASH} ".join(span)])


def _stop(w: Words, stop: Stop) -> StopRow:
    way = gap = impossible = None
    if stop.since_s is not None:
        took = _span(w, stop.since_s)
        if stop.gap:
            gap = w.t("route.gap", span=took)
        elif stop.distance_m is not None and stop.speed_kmh is not None:
            way = w.t("route.way", span=took, km=w.num(stop.distance_m / 1000, 1), kmh=w.num(stop.speed_kmh, 0))
        else:
            way = w.t("route.way_unknown", span=took)
        if stop.impossible:
            impossible = w.t("route.impossible")
    return StopRow(stop.number, card(w, stop.passage), way, gap, impossible)


def _span(w: Words, seconds: float) -> str:
    return w.between(w.now, datetime.fromtimestamp(w.now.timestamp() + seconds, tz=w.now.tzinfo)) or ""


def _looks(w: Words, seen: PassageView) -> str:
    kind = seen.vehicle_type if seen.vehicle_type == "van" else None
    parts = [w.or_code(f"vehicle_type.{kind}") if kind else w.or_code(f"class.{seen.class_ or 'unknown'}")]
    if seen.colour:
        parts.append(w.or_code(f"colour.{seen.colour}"))
    return " · ".join(parts)


def _speed(w: Words, seen: PassageView) -> str | None:
    if seen.speed_kmh is None:
        return None
    if seen.speed_uncertainty_kmh is None:
        return w.t("unit.kmh_alone", value=w.num(seen.speed_kmh, 0))
    return w.t("unit.kmh", value=w.num(seen.speed_kmh, 0), sigma=w.num(seen.speed_uncertainty_kmh, 1))


def _still(seen: PassageView, name: str, base: str | None) -> str | None:
    if base is not None:
        return f"{base}/stills/{name}"
    return None if seen.still_query is None else f"/passages/{seen.id}/stills/{name}?{seen.still_query}"

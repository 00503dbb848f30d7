"""Which rules a clip's road users broke, reckoned from their paths and the signals alone.

The measures are those of the law and of what a person would say who stands there; between clearly broken and clearly
kept lies a band that happenings keep out of (a tyre on the line, a stop of exactly the grace time).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from scenarios.account import VEHICLES
from scenarios.acts_places import holds, place_acts
from scenarios.ways import REST_MS, Over, Way, driven, inside, over, runs, ways_of

if TYPE_CHECKING:
    from datetime import datetime

    from numpy.typing import NDArray

    from scenarios.layout import Layout, Line, Zone
    from scenarios.truth import FrameTruth

DROVE_ON_S: Final = 8.0  # who has the line behind within this time drove on, who has not stopped over it
OVER_LINE_M: Final = 0.4  # a front this far beyond a stop line stands over it
FLASH_S: Final = 0.6  # longer than a lamp that flashes once a second stays dark
STANDS_S: Final = 2.0  # at rest this long is standing
BESIDE_M: Final = 0.6  # a middle this far on either side of a solid line has crossed it
ONCOMING_S: Final = 1.0  # driving on the oncoming side this long
AGAINST_M: Final = 8.0  # driving against a lane's direction this far
ROUND_DEG: Final = (45.0, 135.0)  # a change of heading below the first is straight on, above the second a U-turn
BLOCKS_S: Final = 5.0  # standing this long in a junction behind a jam blocks it
JAM_M: Final = 9.0  # a vehicle that stands this near before another jams it


@dataclass(frozen=True, slots=True)
class Act:
    """Somebody breaks a rule, or something happens.

    Attributes:
        kind: of the rule.
        object_id: who; 0 for what many do together.
        onset_s: when it begins.
        until_s: when nobody can doubt it any more.
        others: who else has a part in it.
    """

    kind: str
    object_id: int
    onset_s: float
    until_s: float
    others: tuple[int, ...] = ()

    @property
    def everybody(self) -> frozenset[int]:
        """All who have a part in it."""
        return frozenset((self.object_id, *self.others))


@dataclass(frozen=True, slots=True)
class Scenery:
    """What the acts are judged by."""

    frames: tuple[FrameTruth, ...]
    layout: Layout
    start: datetime
    ways: tuple[Way, ...]

    @property
    def vehicles(self) -> list[Way]:
        """Everybody on an engine."""
        return [way for way in self.ways if way.cls in VEHICLES]

    def state(self, head: str, t: float) -> str:
        """What a head shows at second t."""
        times = np.array([frame.video_s for frame in self.frames])
        return self.frames[int(np.abs(times - t).argmin())].signals.get(head, "off")

    def flashes(self, head: str, t: float) -> bool:
        """Whether a head shows red at second t or in the other half of a flash."""
        near = [frame for frame in self.frames if abs(frame.video_s - t) <= FLASH_S]
        return any(frame.signals.get(head) == "red" for frame in near)


def acts_of(frames: tuple[FrameTruth, ...], layout: Layout, start: datetime) -> tuple[Act, ...]:
    """Everything that anybody did against the rules that can be seen."""
    scenery = Scenery(frames, layout, start, tuple(ways_of(frames)))
    found = [act for account in (_stop_lines, _lanes, _solid, _against, _forbidden, _jam) for act in account(scenery)]
    found += [Act(*told) for told in place_acts(scenery.ways, layout, frames, start)]
    return tuple(sorted(found, key=lambda act: (act.onset_s, act.object_id)))


def turned(way: Way, since: int) -> float:
    """Change of heading from a moment to the end of what is seen, degrees to the left."""
    return float(np.degrees(way.heading[-1] - way.heading[since]))


def manoeuvre(change_deg: float) -> str:
    """What a change of heading is called."""
    straight, back = ROUND_DEG
    if abs(change_deg) < straight:
        return "straight"
    if abs(change_deg) > back:
        return "back"
    return "left" if change_deg > 0 else "right"


def _stop_lines(scenery: Scenery) -> list[Act]:
    """Red light, stop line and railway crossing."""
    out: list[Act] = []
    heads = {head.stop_line: head for head in scenery.layout.heads if head.stop_line}
    for line in scenery.layout.lines:
        head = heads.get(line.id)
        if head is None or line.kind not in ("stop", "rail_stop"):
            continue
        for way in scenery.vehicles:
            for front in over(way.front, way.t, line):
                if not front.forward:
                    continue
                state = scenery.state(head.id, front.t)
                gone = [r.t for r in over(way.rear, way.t, line) if r.forward and r.t >= front.t]
                drove_on = bool(gone) and gone[0] - front.t <= DROVE_ON_S
                if line.kind == "rail_stop":
                    if scenery.flashes(head.id, front.t) and drove_on:
                        out.append(Act("railway_crossing", way.id, front.t, gone[0]))
                    continue
                lawful = head.arrow is not None and (
                    scenery.state(f"{head.id}/{head.arrow}", front.t) == "green"
                    and manoeuvre(turned(way, front.step)) == head.arrow
                )
                if state == "red" and drove_on and not lawful:
                    out.append(Act("red_light", way.id, front.t, gone[0]))
                stand = _stands_over(scenery, way, front, line)
                if state in ("red", "yellow") and stand is not None and not lawful:
                    out.append(Act("stop_line", way.id, front.t, stand))
    return out


def _stands_over(scenery: Scenery, way: Way, front: Over, line: Line) -> float | None:
    """When a vehicle has stood over the line for `STANDS_S` under red, right after its front passed."""
    head = next(head.id for head in scenery.layout.heads if head.stop_line == line.id)
    for first, last in runs(way.speed < REST_MS):
        if last <= front.step or way.t[first] - front.t > DROVE_ON_S or line.travel is None:
            continue
        beyond = float((way.front[last] - np.array(line.points[0])) @ np.array(line.travel))
        red = [i for i in range(first, last + 1) if scenery.state(head, float(way.t[i])) == "red"]
        if red and way.t[red[-1]] - way.t[red[0]] >= STANDS_S and beyond >= OVER_LINE_M:
            return float(way.t[red[0]] + STANDS_S)
    return None


def _lanes(scenery: Scenery) -> list[Act]:
    """Lane direction: the turn taken is none of those of the lane."""
    out = []
    for zone in scenery.layout.zones:
        if zone.kind != "lane" or not zone.turns:
            continue
        for way in scenery.vehicles:
            held = runs(inside(zone, way.xy))
            if not held or zone.travel is None:
                continue
            last = held[-1][1]
            along = np.array([np.cos(way.heading[last]), np.sin(way.heading[last])]) @ np.array(zone.travel)
            taken = manoeuvre(turned(way, last))
            left_by_front = last < len(way.t) - 1 and _leaves_ahead(zone, way, last)
            if along > 0.8 and left_by_front and taken not in zone.turns:
                bent = np.degrees(way.heading[last:] - way.heading[last])
                done = last + next((i for i, deg in enumerate(bent) if manoeuvre(float(deg)) == taken), len(bent) - 1)
                if taken == "straight":
                    done = min(len(way.t) - 1, last + int(np.searchsorted(way.t[last:], way.t[last] + 2.0)))
                out.append(Act("lane_direction", way.id, float(way.t[last]), float(way.t[done])))
    return out


def _leaves_ahead(zone: Zone, way: Way, last: int) -> bool:
    """Whether a vehicle left a lane at its end, not over its side."""
    travel = np.array(zone.travel)
    reach = np.array(zone.points) @ travel
    return bool(float(way.xy[last] @ travel) > float(reach.max()) - max(3.0, way.speed[last] * 0.3))


def _solid(scenery: Scenery) -> list[Act]:
    """Solid lines crossed; where a line divides two directions, driving on the oncoming side."""
    out = []
    for line in scenery.layout.lines:
        if line.kind not in ("solid", "double_solid"):
            continue
        a, b = np.array(line.points[0]), np.array(line.points[1])
        tangent = (b - a) / np.linalg.norm(b - a)
        for way in scenery.vehicles:
            side = (way.xy - a) @ np.array([-tangent[1], tangent[0]])
            for cross in over(way.xy, way.t, line):
                before, after = side[: cross.step + 1], side[cross.step + 1 :]
                sign = -1.0 if before[-1] < 0 else 1.0
                if max(sign * before) < BESIDE_M or max(-sign * after) < BESIDE_M:
                    continue
                full = cross.step + 1 + int(np.argmax(-sign * after >= BESIDE_M))
                if line.travel is None:
                    out.append(Act("solid_line", way.id, cross.t, float(way.t[full])))
                elif (stay := _oncoming(way, cross.step, side, np.array(line.travel))) is not None:
                    out.append(Act("oncoming_lane", way.id, cross.t, stay))
    return out


def _oncoming(way: Way, step: int, side: NDArray[np.float64], travel: NDArray[np.float64]) -> float | None:
    """When a vehicle that keeps its direction has driven on the oncoming side for a while, None if it does not."""
    ahead = np.column_stack([np.cos(way.heading), np.sin(way.heading)]) @ travel
    left = side * np.sign(np.array([-travel[1], travel[0]]) @ np.array([-travel[1], travel[0]]))
    own = -1.0 if ahead[step] > 0 else 1.0  # traffic keeps the line on its left
    if np.sign(left[step]) != own or abs(ahead[step]) < 0.7:
        return None
    over_there = (-own * left >= BESIDE_M) & (np.sign(ahead) == np.sign(ahead[step])) & (np.abs(ahead) > 0.7)
    for first, last in runs(over_there):
        if last > step and way.t[last] - way.t[first] >= ONCOMING_S:
            return float(way.t[first] + ONCOMING_S)
    return None


def _against(scenery: Scenery) -> list[Act]:
    """Wrong way: driving against the direction of a lane."""
    out = []
    lanes = [zone for zone in scenery.layout.zones if zone.kind == "lane" and zone.travel is not None]
    for way in scenery.vehicles:
        for zone in lanes:
            facing = np.column_stack([np.cos(way.course), np.sin(way.course)]) @ np.array(zone.travel)
            for first, last in runs(inside(zone, way.xy) & (facing < -0.6) & (way.speed > REST_MS)):
                if driven(way, first, last) >= AGAINST_M:
                    done = next(i for i in range(first, last + 1) if driven(way, first, i) >= AGAINST_M)
                    out.append(Act("wrong_way", way.id, float(way.t[first]), float(way.t[done])))
    return _once(out)


def _forbidden(scenery: Scenery) -> list[Act]:
    """Forbidden turns and U-turns from zone to zone."""
    out = []
    zones = {zone.id: zone for zone in scenery.layout.zones}
    for ban in scenery.layout.forbidden:
        for way in scenery.vehicles:
            if ban.classes and way.cls not in ban.classes:
                continue
            begun = runs(inside(zones[ban.start], way.xy))
            ended = runs(inside(zones[ban.end], way.xy))
            pairs = [(b, e) for b in begun for e in ended if e[0] > b[0]]
            for begin, end in pairs[:1]:
                change = abs(np.degrees(way.heading[min(end[0] + 2, end[1])] - way.heading[begin[0]]))
                bent = change > ROUND_DEG[1] if ban.kind == "u_turn" else change > ROUND_DEG[0]
                if bent and holds(ban.hours, scenery.start, float(way.t[end[0]])):
                    out.append(Act(ban.kind, way.id, float(way.t[begin[1]]), float(way.t[end[0]])))
    return _once(out)


def _jam(scenery: Scenery) -> list[Act]:
    """Entering a jammed junction and standing in it."""
    out = []
    for zone in scenery.layout.zones:
        if zone.kind != "junction":
            continue
        for way in scenery.vehicles:
            within = inside(zone, way.xy)
            for first, last in runs(within & (way.speed < REST_MS)):
                if way.t[last] - way.t[first] >= BLOCKS_S and _behind_jam(scenery, way, first):
                    entered = int(np.argmax(within))
                    out.append(Act("junction_block", way.id, float(way.t[entered]), float(way.t[first] + BLOCKS_S)))
    return _once(out)


def _behind_jam(scenery: Scenery, way: Way, i: int) -> bool:
    """Whether somebody stood close ahead when the vehicle came to rest."""
    for other in scenery.vehicles:
        if other.id == way.id or not other.t[0] <= way.t[i] <= other.t[-1]:
            continue
        k = int(np.abs(other.t - way.t[i]).argmin())
        gap = other.xy[k] - way.front[i]
        along = np.array([np.cos(way.heading[i]), np.sin(way.heading[i])])
        ahead, aside = float(gap @ along), abs(float(along[0] * gap[1] - along[1] * gap[0]))
        if other.speed[k] < 1.0 and 0 < ahead < JAM_M + other.length / 2 and aside < 2.0:
            return True
    return False


def _once(acts: list[Act]) -> list[Act]:
    """The first act of each kind of each vehicle."""
    first: dict[tuple[str, int], Act] = {}
    for act in sorted(acts, key=lambda act: act.onset_s):
        first.setdefault((act.kind, act.object_id), act)
    return list(first.values())

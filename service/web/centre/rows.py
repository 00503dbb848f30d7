"""The operators' list in words: its lines, its tabs, its filters kept in the address."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Final
from urllib.parse import urlencode

from incidents.alert import AlertState, find
from incidents.severity import FIRE_KINDS, KINDS, attention
from service.i18n import named
from service.operators.board import ATTENTIONS, BESIDE, FRESH, GROUPS, Board, Choice
from service.store.tables import Camera
from service.views import AlertSummary
from service.web.centre.alarm_view import kind_name, state_words, tone
from service.web.evidence_view import thumb_url
from service.web.view_models import AlarmRow, Tile
from service.web.visit import Visit
from service.web.words import Words

ACKNOWLEDGERS: Final = find(AlertState.RAISED, AlertState.ACKNOWLEDGED).roles
ENDED: Final = GROUPS["done"]
"""States that wait for nothing but being closed."""
DRILLS: Final = ("only", "none")


@dataclass(frozen=True, slots=True)
class Options:
    """What the filters offer: code and words."""

    kinds: tuple[tuple[str, str], ...]
    severities: tuple[tuple[str, str], ...]
    cameras: tuple[tuple[str, str], ...]
    districts: tuple[str, ...]
    drills: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class ListView:
    """Everything `alarms/rows.html` shows.

    Attributes:
        query: of the choice, for the address.
        sounding: `id:attention:fire:drill` each, for the console's sound.
        now: the server's moment, for growing times.
    """

    rows: tuple[AlarmRow, ...]
    tiles: tuple[Tile, ...]
    left: int
    query: str
    sounding: tuple[str, ...]
    unanswered: int
    ended: int
    now: datetime


def list_view(w: Words, visit: Visit, choice: Choice, board: Board) -> ListView:
    """The list in words."""
    return ListView(
        rows=tuple(alarm_row(w, visit, one) for one in board.items),
        tiles=_tiles(w, choice, board),
        left=board.left,
        query=query_of(choice),
        sounding=tuple(
            f"{one.id}:{one.attention}:{'fire' if one.fire else ''}:{'drill' if one.drill else ''}"
            for one in board.sounding
        ),
        unanswered=board.unanswered,
        ended=sum(one.state in ENDED for one in board.items),
        now=w.now,
    )


def alarm_row(w: Words, visit: Visit, one: AlertSummary) -> AlarmRow:
    """A line of the list."""
    state = AlertState(one.state)
    answers = visit.actor.acts_as(ACKNOWLEDGERS) is not None
    return AlarmRow(
        id=one.id,
        version=one.version,
        kind=kind_name(w, one.kind),
        icon=one.kind,
        severity=attention(one.kind),
        is_fire=one.kind in FIRE_KINDS,
        is_drill=one.is_drill,
        reports=one.reports,
        state=state_words(w, one),
        tone=tone(one.state),
        fresh=state in FRESH,
        camera=named(w.lang, one.camera_name, one.camera_id),
        camera_id=one.camera_id,
        services=", ".join(one.services),
        t_detect=one.t_detect,
        thumb_url=thumb_url(f"/alarms/{one.id}", one.still),
        can_acknowledge=answers and state in FRESH,
        ended=state in ENDED,
    )


def query_of(choice: Choice) -> str:
    """The choice as the address keeps it; what is empty is left out."""
    said = {name: "1" if value is True else value for name, value in asdict(choice).items() if value}
    return urlencode(said)


def options(w: Words, cameras: Iterable[Camera]) -> Options:
    """What there is to choose from."""
    known = list(cameras)
    return Options(
        kinds=tuple((code, kind_name(w, code)) for code in KINDS),
        severities=tuple((code, w.t(f"severity.{code}")) for code in ATTENTIONS),
        cameras=tuple((one.id, named(w.lang, one.name, one.id)) for one in known),
        districts=tuple(sorted({one.territory for one in known if one.territory})),
        drills=tuple((code, w.t(f"centre.drill_{code}")) for code in DRILLS),
    )


def _tiles(w: Words, choice: Choice, board: Board) -> tuple[Tile, ...]:
    def path(show: str) -> str:
        query = query_of(replace(choice, show=show))
        return f"/alarms?{query}" if query else "/alarms"

    every = sum(count for name, count in board.counts.items() if name not in BESIDE)
    tiles = [Tile(w.t("alarms.all_open"), every, path(""), current=choice.show not in GROUPS)]
    for name in GROUPS:
        count = board.counts[name]
        tiles.append(Tile(w.t(f"alarms.{name}"), count, path(name), current=choice.show == name, alarm=name == "new"))
    return tuple(tiles)

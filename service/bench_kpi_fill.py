"""A synthetic year of a city, written straight into a store's tables: for `qyran bench kpi` and its tests.

Only what KPIs are counted from is there: no chains of events, no evidence. What makes counting hard is there on
purpose: moments at the very edge of a local day, verdicts of the month after, merged duplicates, drills and tests,
incidents with alerts across midnight, cases tied to alerts, clocks that ran backwards, cameras whose words up and down
got lost, stretches of video nobody analysed, payments of every kind. The same seed gives the same year.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Table, insert, text

from service import city_inputs
from service.store.alert_tables import Alert, AlertNotification
from service.store.database import WRITES, Store
from service.store.tables import Camera, CameraLog, Passage, ViolationCase

BATCH: Final = 5000
"""Rows in one statement."""
FILL_KIB: Final = 1024 * 1024
"""Pages that SQLite keeps in memory while it is filled."""
EDGE: Final = 0.02
"""Share of moments that lie at a local midnight or a microsecond before it."""
KINDS: Final = ("red_light", "stop_line", "no_parking", "solid_line", "bus_lane", "wrong_way")
INCIDENTS: Final = ("crash", "stopped_vehicle", "wrong_way", "debris", "crowd")
PAYMENTS: Final = ("half", "full", "due", "part", "overpaid", "late", "refunded", "none_due")
PAYMENT_WEIGHTS: Final = (52, 22, 14, 3, 2, 4, 1, 2)
MIDDLE: Final = (76.9, 43.24)
"""Longitude and latitude about which the roads lie."""
STREET_DEG: Final = 0.004
"""Length of road that a camera sees, degrees of latitude."""
MINUTE: Final = timedelta(minutes=1)
TICK: Final = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Size:
    """How much of a year is written."""

    cases: int = 1_000_000
    alerts: int = 300_000
    cameras: int = 200
    calls: int = 12_000
    objects: int = 800
    passages: int = 200_000


def fill(store: Store, first: date, after: date, size: Size, *, seed: int = 1) -> None:
    """Write a year, or a shorter span, into an empty store.

    Args:
        store: an empty store; its clock tells what is known by now.
        first: local day of the city.
        after: the day after the last.
        size: how much.
        seed: of everything that is drawn.
    """
    maker = _Maker(store, first, after, size, seed)
    with store.engine.execution_options(**{WRITES: True}).begin() as connection:
        if store.engine.dialect.name == "sqlite":
            connection.exec_driver_sql(f"PRAGMA cache_size=-{FILL_KIB}")
        for table, rows in (
            (Camera, maker.cameras()),
            (CameraLog, maker.camera_log()),
            (ViolationCase, maker.cases()),
            (Alert, maker.alerts()),
            (AlertNotification, maker.notifications()),
            (Passage, maker.passages()),
        ):
            for batch in _batches(rows):
                connection.execute(insert(_table(table)), batch)
    store.engine.dispose()  # no connection keeps the pages of the filling
    maker.inputs()
    if store.engine.dialect.name == "postgresql":
        with store.engine.connect() as connection:  # what autovacuum does within minutes
            connection.execution_options(isolation_level="AUTOCOMMIT").execute(text("ANALYZE"))


def _table(entity: Any) -> Table:
    found: Table = entity.__table__
    return found


def _batches(rows: Iterator[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    batch: list[dict[str, Any]] = []
    for row in rows:
        batch.append(row)
        if len(batch) == BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


class _Maker:
    """Draws the year."""

    def __init__(self, store: Store, first: date, after: date, size: Size, seed: int) -> None:
        self.store, self.size = store, size
        self.dice = random.Random(seed)  # noqa: S311 - draws a benchmark's rows
        self.zone = store.settings.zone
        self.first, self.after = first, after
        self.start, self.end = self._midnight(self.first), self._midnight(self.after)
        self.heard_until = max(self.end, store.clock())
        self.length_us = (self.end - self.start) // TICK
        self.days = (self.after - self.first).days
        self.tied: list[tuple[str, datetime]] = []
        self.fires: list[tuple[str, datetime]] = []

    def _midnight(self, day: date) -> datetime:
        return datetime.combine(day, time(), self.zone).astimezone(UTC)

    def _moment(self) -> datetime:
        """A moment of the year, now and then at the edge of a day, now and then of the weeks about the year."""
        draw = self.dice.random()
        if draw < EDGE:
            edge = self._midnight(self.first + timedelta(days=self.dice.randrange(self.days + 1)))
            return edge - TICK if self.dice.random() < 0.5 else edge
        at = self.start + timedelta(microseconds=self.dice.randrange(self.length_us))
        return at - timedelta(days=380) if draw > 0.998 else at

    def _moments(self, number: int) -> list[datetime]:
        """So many moments in their order: records come as things happen."""
        return sorted(self._moment() for _ in range(number))

    def _id(self) -> str:
        return str(UUID(int=self.dice.getrandbits(128), version=4))

    def _after(self, at: datetime, mean_minutes: float, most: float = 1e9) -> datetime:
        """A later moment; a clock may have been at fault by some minutes."""
        minutes = min(self.dice.expovariate(1 / mean_minutes), most)
        if self.dice.random() < 0.004:
            minutes = -minutes
        return at + timedelta(microseconds=int(minutes * 60e6))

    def _record(self, at: datetime, camera: int, kind: str, state: str) -> dict[str, Any]:
        return {
            "id": self._id(), "camera_id": f"camera-{camera:04}", "kind": kind, "state": state, "seq": 1,
            "head": "0" * 64,
            "version": 1, "t_detect": at, "t_received": at + MINUTE, "video_s": 1.0, "last_seen": at,
            "changed_at": at + MINUTE, "merged_into": None,
        }  # fmt: skip

    def cases(self) -> Iterator[dict[str, Any]]:
        """Violation cases, decided, notified and paid or not."""
        dice = self.dice
        for at in self._moments(self.size.cases):
            draw = dice.random()
            row = self._record(at, dice.randrange(self.size.cameras), dice.choice(KINDS), "signed")
            row |= {
                "plate_read": dice.random() < 0.96, "second_looked": False, "owner_loaded": dice.random() < 0.97,
                "edited": [], "t_screened": at + MINUTE, "offence": None, "verdict": None, "penalty_kind": None,
                "t_officer_decision": None, "t_signed": None, "t_first_notification_sent": None, "payment": None,
                "payment_term_ends": None, "t_cancelled": None,
            }  # fmt: skip
            if draw < 0.05:
                row["state"] = dice.choice(("auto_rejected", "returned", "expired", "screened"))
                if dice.random() < 0.01:  # a notice without an officer, which must be called out
                    row["t_first_notification_sent"] = self._after(at, 5)
            else:
                self._decide(row, at, rejected=draw < 0.11)
            if dice.random() < 0.03:
                row["merged_into"], row["state"] = self._id(), "merged"
            if dice.random() < 0.01:
                self.tied.append((row["id"], at))
            yield row

    def _decide(self, row: dict[str, Any], at: datetime, *, rejected: bool) -> None:
        dice = self.dice
        late = dice.random() < 0.05
        decided = self._after(at, 30 * 24 * 60 if late else 4)
        row["t_officer_decision"], row["changed_at"] = decided, decided
        row["verdict"], row["state"] = ("false", "officer_rejected") if rejected else ("true", "signed")
        if rejected:
            return
        row["offence"] = "592-1" if dice.random() < 0.995 else None
        row["penalty_kind"] = dice.choices(("fine", "warning", "non_payable"), (92, 3, 5))[0]
        if dice.random() < 0.06:
            row["edited"] = dice.choice((["plate"], ["offence"], ["plate", "offence"]))
        if row["penalty_kind"] == "non_payable":
            row["state"] = "non_payable"
            return
        signed = self._after(decided, 1, 30)
        row["t_signed"] = signed
        if dice.random() < 0.92:
            row["t_first_notification_sent"] = self._after(signed, 3, 600)
        row["payment"] = "none_due" if row["penalty_kind"] == "warning" else dice.choices(PAYMENTS, PAYMENT_WEIGHTS)[0]
        ends = self._midnight(signed.astimezone(self.zone).date() + timedelta(days=dice.choice((10, 30, 31))))
        row["payment_term_ends"] = ends if dice.random() < 0.9 else ends - timedelta(seconds=dice.randrange(90_000))
        if dice.random() < 0.02:
            row["t_cancelled"] = self._after(signed, 10_000)

    def alerts(self) -> Iterator[dict[str, Any]]:
        """Alerts of incidents, fire and smoke; some belong to the incident before, some to a case."""
        dice = self.dice
        last: tuple[str, datetime] | None = None
        for number, moment in enumerate(self._moments(self.size.alerts)):
            fire = dice.random() < 0.12
            at, incident, case = moment, None, None
            if last is not None and dice.random() < 0.12:
                incident, at = last[0], self._after(last[1], 90)
            if self.tied and dice.random() < 0.03:
                case, seen = self.tied[dice.randrange(len(self.tied))]
                at = self._after(seen, 20) if dice.random() < 0.8 else seen - timedelta(minutes=dice.randrange(90))
            elif dice.random() < 0.001:
                case = self._id()  # tied to a case that the store does not hold
            kind = dice.choice(("fire", "smoke")) if fire else dice.choice(INCIDENTS)
            row = self._record(at, dice.randrange(self.size.cameras), kind, "closed")
            incident = incident or row["id"]
            row |= {
                "type": "fire_alert" if fire else "incident", "incident_id": incident, "case_id": case,
                "object_id": f"object-{dice.randrange(self.size.objects):04}" if fire and dice.random() < 0.4 else None,
                "initiator": "system" if dice.random() < 0.93 else "human", "is_drill": dice.random() < 0.01,
                "reports": 1, "services": [],
                "verdict": dice.choices(("true", "false", "undetermined", None), (75, 10, 3, 12))[0],
                "t_notify_sent": self._after(at, 0.5) if dice.random() < 0.95 else None,
                "t_ack": self._after(at, 3) if dice.random() < 0.9 else None,
                "t_dispatch": self._after(at, 7) if dice.random() < 0.85 else None,
            }  # fmt: skip
            draw = dice.random()
            if draw < 0.01:
                row["state"] = "test"
            elif draw < 0.03:
                row["state"] = dice.choice(("candidate", "suppressed"))
            elif draw < 0.07:
                row["state"], row["merged_into"] = "merged", incident if incident != row["id"] else self._id()
            if fire:
                self.fires.append((row["id"], at))
            last = (incident, at) if number % 5 else None
            yield row

    def notifications(self) -> Iterator[dict[str, Any]]:
        """Who was told of fires."""
        for alert, at in self.fires:
            for _ in range(self.dice.randrange(4)):
                yield {
                    "alert_id": alert, "channel": "webhook", "sent_at": self._after(at, 1),
                    "recipient": self.dice.choice(("101", "object_staff", "operator")),
                    "initiator": "system" if self.dice.random() < 0.85 else "human",
                }  # fmt: skip

    def cameras(self) -> Iterator[dict[str, Any]]:
        """The register: each camera sees a stretch of a street along a meridian, some overlapping."""
        for number in range(self.size.cameras):
            began = self.first - timedelta(days=200) + timedelta(days=self.dice.randrange(260))
            retired = self.after - timedelta(days=self.dice.randrange(60)) if self.dice.random() < 0.05 else None
            column, place = divmod(number, 8)
            longitude, latitude = MIDDLE[0] + column * 0.002, MIDDLE[1] + place * STREET_DEG * 0.75
            yield {
                "id": f"camera-{number:04}", "name": {"kk": "", "ru": "", "en": ""}, "territory": None,
                "commissioned": began if self.dice.random() < 0.95 else None,
                "retired": retired, "latitude": latitude,
                "longitude": longitude, "covers": [[longitude, latitude], [longitude, latitude + STREET_DEG]],
                "file_version": 1, "registered_at": self._midnight(began), "status": "up",
            }  # fmt: skip

    def camera_log(self) -> Iterator[dict[str, Any]]:
        """Words up and down, some lost or said twice, and stretches analysed, some of them twice."""
        for number in range(self.size.cameras):
            if self.dice.random() < 0.02:
                continue  # a camera nobody ever heard of
            camera, silent = f"camera-{number:04}", self.dice.random() < 0.03
            at = self.start - timedelta(days=self.dice.randrange(1, 9))
            while at < self.heard_until:
                up_until = at + timedelta(hours=self.dice.expovariate(1 / 150), microseconds=self.dice.randrange(10**6))
                yield self._entry(camera, "up", at, at)
                if self.dice.random() < 0.1:
                    again = at + (up_until - at) / 2
                    yield self._entry(camera, "up", again, again)
                if not silent:
                    yield from self._stretches(camera, at, up_until)
                if self.dice.random() < 0.97:  # else the word was lost, and the camera stays up for all we know
                    yield self._entry(camera, "down", up_until, up_until)
                at = up_until + timedelta(hours=self.dice.expovariate(1 / 5))

    def _stretches(self, camera: str, at: datetime, until: datetime) -> Iterator[dict[str, Any]]:
        while at < until:
            end = min(at + timedelta(hours=self.dice.uniform(6, 23.9)), until + timedelta(minutes=5))
            if self.dice.random() < 0.93:
                yield self._entry(camera, "analysed", at, end)
            at = end - timedelta(minutes=1) if self.dice.random() < 0.1 else end

    def _entry(self, camera: str, kind: str, start: datetime, end: datetime) -> dict[str, Any]:
        return {
            "event_id": self._id(),
            "camera_id": camera,
            "kind": kind,
            "start": start,
            "end": end,
            "source": "worker",
        }

    def passages(self) -> Iterator[dict[str, Any]]:
        """Vehicles at control lines."""
        for at in self._moments(self.size.passages):
            token = f"{self.dice.randrange(1 + self.size.passages // 3):064x}"
            yield {
                "id": self._id(), "camera_id": "camera-0000", "kind": "control", "time": at, "video_s": 1.0,
                "plate_token": token if self.dice.random() < 0.9 else None,
            }  # fmt: skip

    def inputs(self) -> None:
        """What comes from outside."""
        covers = {"covers_from": (self.start - timedelta(days=60)).isoformat(), "covers_until": self.end.isoformat()}
        given: dict[str, dict[str, Any]] = {
            "registered_vehicles": {"value": 613_000},
            "roads": {"length_km": 97.3},
            "payments": covers,
            "phone_notifications": covers,
            "fire_norm": {"minutes": 5.0, "event": "depart"},
            "fire_calls": {**covers, "calls": [self._call(number) for number in range(self.size.calls)]},
            "objects": {"objects": [self._object(number) for number in range(self.size.objects)]},
            "sensors": {"sensors": [self._sensor(number) for number in range(self.size.objects)]},
            "surveys": {"surveys": [self._survey(number) for number in range(5)]},
        }
        with self.store.write() as work:
            for name, value in given.items():
                city_inputs.enter(work, name, value, source="synthetic", as_of=self.first)

    def _call(self, number: int) -> dict[str, Any]:
        at, dice = self._moment(), self.dice
        departed = self._after(at, 4) if dice.random() < 0.97 else None
        return {
            "id": f"call-{number}", "t_call_received": at.isoformat(),
            "t_depart": departed.isoformat() if departed else None,
            "t_arrive": self._after(departed, 6).isoformat() if departed else None,
            "object_id": f"object-{dice.randrange(self.size.objects):04}" if dice.random() < 0.96 else None,
            "drill": dice.random() < 0.01, "test": dice.random() < 0.01, "merged": dice.random() < 0.02,
        }  # fmt: skip

    def _object(self, number: int) -> dict[str, Any]:
        draw = self.dice.random()
        return {
            "id": f"object-{number:04}",
            "since": self._moment().isoformat() if draw < 0.1 else None,
            "until": self._moment().isoformat() if draw > 0.95 else None,
        }

    def _sensor(self, number: int) -> dict[str, Any]:
        spans: list[tuple[str, str | None]] = []
        at = self.start - timedelta(days=self.dice.randrange(30))
        while at < self.end and len(spans) < 4:
            until = at + timedelta(days=self.dice.expovariate(1 / 120))
            open_ = self.dice.random() < 0.3
            spans.append((at.isoformat(), None if open_ else until.isoformat()))
            at = self.end if open_ else until + timedelta(days=self.dice.expovariate(1 / 3))
        return {"id": f"sensor-{number}", "object_id": f"object-{self.dice.randrange(self.size.objects):04}",
                "working": spans}  # fmt: skip

    def _survey(self, number: int) -> dict[str, Any]:
        at = self.start + timedelta(days=45 + 80 * number)
        scores = {str(score): self.dice.randrange(5, 400) for score in range(1, 11)}
        return {"id": f"survey-{number}", "t_closed": at.isoformat(), "question": "?", "scores": scores}

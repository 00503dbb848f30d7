"""The 16 security KPIs reckoned a second time, from the words of their definitions: loops over rows, nothing shared.

Nothing of `kpi_catalog` is imported. Fractions are exact until the last step, so a value is the float nearest to it.
"""

from __future__ import annotations

import math
from collections import defaultdict
from datetime import UTC, date, datetime, time, timedelta
from fractions import Fraction
from zoneinfo import ZoneInfo

from sqlalchemy import select

from service.store.alert_tables import Alert, AlertNotification
from service.store.tables import Camera, CameraLog, CityInput, Passage, ViolationCase

US = timedelta(microseconds=1)
NONE = (None, None, None)


class Reckoning:
    def __init__(self, store) -> None:
        self.zone = ZoneInfo(store.settings.time_zone)
        with store.read() as work:
            self.now = work.now
            self.cases = self._rows(work, ViolationCase)
            alerts = self._rows(work, Alert)
            self.sent = self._rows(work, AlertNotification)
            self.cameras = self._rows(work, Camera)
            self.log = sorted(self._rows(work, CameraLog), key=lambda one: (one["end"], one["event_id"]))
            self.passages = self._rows(work, Passage)
            inputs = sorted(self._rows(work, CityInput), key=lambda one: one["id"])
        self.alert_of = {one["id"]: one for one in alerts}
        self.alerts = [one for one in alerts if one["state"] not in {"candidate", "suppressed"}]
        self.inputs = {one["name"]: one["value"] for one in inputs}
        self.calls = [
            one | {name: parsed(one[name]) for name in ("t_call_received", "t_depart", "t_arrive")}
            for one in self.inputs.get("fire_calls", {}).get("calls", [])
        ]

    @staticmethod
    def _rows(work, entity):
        columns = {prop.key: prop.columns[0] for prop in entity.__mapper__.column_attrs}
        return [dict(zip(columns, row, strict=True)) for row in work.session.execute(select(*columns.values()))]

    def local(self, moment: datetime) -> date:
        return moment.astimezone(self.zone).date()

    def midnight(self, day: date) -> datetime:
        return datetime.combine(day, time(), self.zone).astimezone(UTC)

    def all(self, first: date, after: date, months: int | None):
        """Each KPI's (value, numerator, denominator) over the local days from first up to after."""

        def inside(moment):
            return moment is not None and first <= self.local(moment) < after

        return {
            "9.1": self.roads(first, after),
            "9.2": self.violations(inside, months),
            "9.3": self.automatic(inside),
            "9.4": self.processing(inside),
            "9.5": self.paid(inside),
            "9.6": self.incidents(inside, months),
            "9.7": self.video(first, after),
            "9.8": self.reaction(inside),
            "9.9": self.false_alarms(inside),
            "10.1": self.turnout(inside),
            "10.2": self.in_time(inside),
            "10.3": self.fire_false(inside),
            "10.4": self.notified(inside),
            "10.5": self.repeated(inside),
            "10.6": self.equipped(first, after),
            "10.7": self.content(first, after),
        }

    # Initiative 9

    def roads(self, first, after):
        """Kilometres in view on the last day; streets run along meridians, so a union is one of latitudes."""
        last = min(after - timedelta(days=1), self.local(self.now - US))
        since, until = self.midnight(last), min(self.midnight(last + timedelta(days=1)), self.now)
        streets = defaultdict(list)
        for camera in self.cameras:
            if camera["commissioned"] is None or len(camera["covers"]) < 2:
                continue
            if any(self.clipped(self.up(camera["id"]) or [], *self.service(camera, since, until))):
                (longitude, south), (_, north) = camera["covers"]
                streets[longitude].append((south, north))
        km = 0.0
        for stretches in streets.values():
            reached = -90.0
            for south, north in sorted(stretches):
                begin = max(south, reached)
                km += max(0.0, north - begin) * meridian_km((begin + north) / 2)
                reached = max(reached, north)
        if not km:
            return NONE
        length = self.inputs["roads"]["length_km"]
        return 100 * km / length, km, length

    def violations(self, inside, months):
        count = sum(
            inside(one["t_detect"])
            and one["merged_into"] is None
            and one["verdict"] == "true"
            and one["penalty_kind"] != "non_payable"
            for one in self.cases
        )
        vehicles = Fraction(self.inputs["registered_vehicles"]["value"])
        return float(Fraction(count) / (months or 1) / (vehicles / 1000)), count, float(vehicles / 1000)

    def automatic(self, inside):
        decided = automatic = 0
        for one in self.cases:
            if one["merged_into"] is None and one["verdict"] in {"true", "false"} and inside(one["t_officer_decision"]):
                decided += 1
                confirmed = one["verdict"] == "true" and one["penalty_kind"] != "non_payable"
                filled = one["plate_read"] and one["owner_loaded"] and one["offence"] is not None
                automatic += confirmed and filled and one["edited"] == []
        return share(automatic, decided)

    def processing(self, inside):
        return mean(
            one["t_first_notification_sent"] - one["t_detect"]
            for one in self.cases
            if one["merged_into"] is None and inside(one["t_first_notification_sent"])
        )

    def processing_order(self, inside):
        """Median and 90th percentile (nearest rank) of 9.4, minutes."""
        spans = sorted(
            (one["t_first_notification_sent"] - one["t_detect"]) // US
            for one in self.cases
            if one["merged_into"] is None
            and inside(one["t_first_notification_sent"])
            and one["t_first_notification_sent"] >= one["t_detect"]
        )
        if not spans:
            return None, None
        half = len(spans) // 2
        middle = Fraction(spans[half] + spans[-1 - half], 2)
        rank = -(-len(spans) * 9 // 10)
        return float(middle / 60_000_000), float(Fraction(spans[rank - 1], 60_000_000))

    def paid(self, inside):
        due = paid = 0
        for one in self.cases:
            ends = one["payment_term_ends"]
            if one["merged_into"] is not None or one["t_cancelled"] is not None or one["payment"] in {None, "none_due"}:
                continue
            if inside(ends) and ends <= self.now:
                due += 1
                paid += one["payment"] in {"half", "full", "overpaid"}
        return share(paid, due)

    def happenings(self):
        """Incidents of the video system: the first of every moment, true if any alert is."""
        found = {}
        for one in self.alerts:
            if one["is_drill"] or one["state"] == "test" or one["merged_into"] is not None:
                continue
            if one["initiator"] != "system":
                continue
            known = found.setdefault(
                one["incident_id"], {"t_detect": one["t_detect"], "t_dispatch": None, "true": False}
            )
            known["t_detect"] = min(known["t_detect"], one["t_detect"])
            if one["t_dispatch"] is not None:
                known["t_dispatch"] = min(known["t_dispatch"] or one["t_dispatch"], one["t_dispatch"])
            known["true"] = known["true"] or one["verdict"] == "true"
        return found.values()

    def incidents(self, inside, months):
        count = sum(one["true"] and inside(one["t_detect"]) for one in self.happenings())
        return float(Fraction(count, months or 1)), count, months

    def video(self, first, after):
        since, until = self.midnight(first), min(self.midnight(after), self.now)
        received = analysed = timedelta()
        known = True
        logged_and_beating = False
        for camera in self.cameras:
            begin, end = self.service(camera, since, until)
            if begin >= end:
                continue
            words = [one for one in self.log if one["camera_id"] == camera["id"] and one["end"] < until]
            logged = any(one["kind"] in {"up", "down"} for one in words)
            beating = [one for one in self.log if one["camera_id"] == camera["id"] and one["kind"] == "analysed"]
            beats = any(one["end"] <= end or (one["start"] < end and one["end"] > begin) for one in beating)
            known = known and logged and beats
            logged_and_beating = logged_and_beating or (logged and beats)
            video = self.clipped(self.up(camera["id"]) or [], begin, end)
            seen = union([(one["start"], one["end"]) for one in beating])
            received += sum((b - a for a, b in video), timedelta())
            for a, b in video:
                analysed += sum((d - c for c, d in self.clipped(seen, a, b)), timedelta())
        if not received or not (known or logged_and_beating):
            return NONE
        hours = [float(Fraction(one // US, 3_600_000_000)) for one in (analysed, received)]
        return float(Fraction(100 * (analysed // US), received // US)), *hours

    def service(self, camera, since, until):
        began = self.midnight(camera["commissioned"]) if camera["commissioned"] else camera["registered_at"]
        ended = self.midnight(camera["retired"]) if camera["retired"] else until
        return max(since, began), min(until, ended)

    def up(self, camera_id):
        """Spans of video: what was said holds until the camera's next word."""
        words = [one for one in self.log if one["camera_id"] == camera_id and one["kind"] in {"up", "down"}]
        spans, began = [], None
        for one in words:
            if one["kind"] == "up" and began is None:
                began = one["end"]
            if one["kind"] == "down" and began is not None:
                spans.append((began, one["end"]))
                began = None
        if began is not None:
            spans.append((began, datetime.max.replace(tzinfo=UTC)))
        return spans

    @staticmethod
    def clipped(spans, since, until):
        cut = [(max(a, since), min(b, until)) for a, b in spans]
        return [(a, b) for a, b in cut if a < b]

    def reaction(self, inside):
        return mean(
            one["t_dispatch"] - one["t_detect"]
            for one in self.happenings()
            if one["true"] and inside(one["t_detect"]) and one["t_dispatch"] is not None
        )

    def false_alarms(self, inside):
        """Cases and alerts, a linked pair once, at its first detection; true if either was found true."""
        items = {}
        for one in self.cases:
            if one["merged_into"] is None:
                items[one["id"]] = [(one["t_detect"], one["verdict"])]
        cases = set(items)
        for one in self.alerts:
            if one["is_drill"] or one["state"] == "test" or one["merged_into"] is not None:
                continue
            if one["initiator"] != "system":
                continue
            key = one["case_id"] if one["case_id"] in cases else "alert " + one["id"]
            items.setdefault(key, []).append((one["t_detect"], one["verdict"]))
        false = judged = 0
        for parts in items.values():
            if not inside(min(moment for moment, _ in parts)):
                continue
            said = {verdict for _, verdict in parts} & {"true", "false"}
            judged += bool(said)
            false += said == {"false"}
        return share(false, judged)

    # Initiative 10

    def counting_calls(self, inside):
        return [
            one
            for one in self.calls
            if inside(one["t_call_received"]) and not (one["drill"] or one["test"] or one["merged"])
        ]

    def turnout(self, inside):
        return mean(
            one["t_depart"] - one["t_call_received"]
            for one in self.counting_calls(inside)
            if one["t_depart"] is not None
        )

    def in_time(self, inside):
        calls, norm = self.counting_calls(inside), self.inputs["fire_norm"]
        key = {"depart": "t_depart", "arrive": "t_arrive"}[norm["event"]]
        most = timedelta(minutes=norm["minutes"])
        kept = sum(one[key] is not None and one[key] - one["t_call_received"] <= most for one in calls)
        return share(kept, len(calls))

    def fire_false(self, inside):
        false = judged = 0
        for one in self.alerts:
            if one["kind"] not in {"fire", "smoke"} or not inside(one["t_detect"]):
                continue
            if one["is_drill"] or one["state"] == "test" or one["merged_into"] is not None:
                continue
            judged += one["verdict"] in {"true", "false"}
            false += one["verdict"] == "false"
        return share(false, judged)

    def notified(self, inside):
        every = automatic = 0
        for one in self.sent:
            alert = self.alert_of[one["alert_id"]]
            if alert["type"] != "fire_alert" or alert["object_id"] is None or not inside(one["sent_at"]):
                continue
            if alert["is_drill"] or alert["state"] == "test" or alert["merged_into"] is not None:
                continue
            every += 1
            automatic += one["initiator"] == "system" and one["recipient"] in {"101", "object_staff"}
        return share(automatic, every)

    def repeated(self, inside):
        """A call within 30 days of one before it to the same object; the last one before is the nearest."""
        last, again, every = {}, 0, 0
        calls = self.counting_calls(lambda moment: moment is not None)
        for one in sorted(calls, key=lambda one: (one["t_call_received"], one["id"])):
            before = last.get(one["object_id"])
            if one["object_id"] is not None:
                last[one["object_id"]] = one["t_call_received"]
            if inside(one["t_call_received"]):
                every += 1
                again += (
                    one["object_id"] is not None
                    and before is not None
                    and one["t_call_received"] - before <= timedelta(days=30)
                )
        return share(again, every)

    def equipped(self, first, after):
        last = min(after - timedelta(days=1), self.local(self.now - US))
        since, until = self.midnight(last), min(self.midnight(last + timedelta(days=1)), self.now)
        there = set()
        for one in self.inputs["objects"]["objects"]:
            begins, ends = parsed(one["since"]), parsed(one["until"])
            if (begins is None or begins < until) and (ends is None or ends >= until):
                there.add(one["id"])
        working = set()
        for one in self.inputs["sensors"]["sensors"]:
            for a, b in one["working"]:
                begins, ends = parsed(a), parsed(b)
                if begins < until and (ends is None or ends > since) and (ends is None or begins < ends):
                    working.add(one["object_id"])
        return share(len(there & working), len(there))

    def content(self, first, after):
        quarter = date(first.year, (first.month - 1) // 3 * 3 + 1, 1)
        total = answers = 0
        for one in self.inputs["surveys"]["surveys"]:
            closed = parsed(one["t_closed"])
            if quarter <= self.local(closed) < after and closed < self.now:
                total += sum(int(score) * count for score, count in one["scores"].items())
                answers += sum(one["scores"].values())
        return (float(Fraction(total, answers)), total, answers) if answers else NONE


def parsed(value: str | None) -> datetime | None:
    return None if value is None else datetime.fromisoformat(value).astimezone(UTC)


def share(part: int, whole: int):
    return (float(Fraction(100 * part, whole)), part, whole) if whole else NONE


def mean(spans):
    """Mean minutes, their sum and their number; a pair that ends before it begins is left out."""
    kept = [span // US for span in spans if span >= timedelta()]
    if not kept:
        return NONE
    total = Fraction(sum(kept), 60_000_000)
    return float(total / len(kept)), float(total), len(kept)


def union(spans):
    found = []
    for a, b in sorted(spans):
        if found and a <= found[-1][1]:
            found[-1] = (found[-1][0], max(b, found[-1][1]))
        else:
            found.append((a, b))
    return found


def meridian_km(latitude: float) -> float:
    """Kilometres of one degree along the meridian of WGS 84."""
    e2 = 0.00669437999014
    bend = 1 - e2 * math.sin(math.radians(latitude)) ** 2
    return math.radians(1) * 6378.137 * (1 - e2) / bend**1.5

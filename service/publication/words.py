"""A derivation in words, in Kazakh, Russian or English: the same on the command line and on a page."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from service import i18n
from service.i18n import Language
from service.publication.explain import Explanation
from service.publication.model import Revision
from service.publication.proof import Flaw, Proof
from service.publication.reckoning import FORMULAS, PERCENT
from service.publication.rules import rules_on
from service.reports.words import period_name

EXACT: Final = 6
"""Decimals at most in a derivation: enough to follow it by hand."""
SHORT: Final = 12
"""Signs of a hash that are shown where the whole of it stands elsewhere."""

Line = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Section:
    """One part of a derivation: lines of a label and what it says; a label may be empty."""

    key: str
    title: str
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Teller:
    """Tells a derivation.

    Attributes:
        people: names by user id, where they are known.
    """

    lang: Language
    zone: ZoneInfo
    people: Mapping[str, str]

    def sections(self, told: Explanation) -> tuple[Section, ...]:
        """The whole derivation."""
        parts = (
            ("what", self._what(told)),
            ("order", self._order(told)),
            ("formula", self._formula(told)),
            ("events", self._events(told)),
            ("inputs", self._inputs(told)),
            ("scoring", self._scoring(told)),
            ("publication", self._publication(told)),
            ("revisions", self._revisions(told)),
        )
        return tuple(Section(key, self._t(f"title_{key}"), lines) for key, found in parts if (lines := tuple(found)))

    def _what(self, told: Explanation) -> Iterator[Line]:
        kpi = told.kpi
        key = f"kpi_how.{str(kpi['id']).replace('.', '_')}"
        yield self._t("kpi"), f"{kpi['id']}. {self._named(kpi['name'])}"
        yield self._t("period"), period_name(self.lang, told.period)
        yield self._t("state"), self.state(told.state.value)
        yield self._t("value"), self.value(kpi)
        status = i18n.translate(self.lang, f"kpi_catalog.status.{kpi['status']}")
        missing = [self._or_code(f"kpi_catalog.missing.{one}") for one in kpi["missing"]]
        yield self._t("status"), f"{status}: {'; '.join(missing)}" if missing else status
        if i18n.has(self.lang, key):
            yield self._t("definition"), i18n.translate(self.lang, key)
        version = str(kpi["definition_version"])
        if kpi["definition"]:
            version = f"{version} · {kpi['definition']['module']} · sha256 {kpi['definition']['sha256'][:SHORT]}"
        yield self._t("definition_version"), version
        yield self._t("origin"), self._or_code(f"kpi_catalog.origin.{kpi['origin']}")

    def _order(self, told: Explanation) -> Iterator[Line]:
        kpi, target = told.kpi, told.kpi["target"]
        row = self._t("order_row", initiative=str(kpi["initiative"]), points=str(kpi["points"]), id=str(kpi["id"]))
        yield self._t("order"), row
        yield self._t("order_formula"), _one_line(self._named(kpi["formula"]))
        yield self._t("order_period"), self._or_code(f"kpi_catalog.frequency.{kpi['order_period']}")
        yield self._t("order_target"), _one_line(self._named(target["order_text"]))
        category = i18n.translate(self.lang, f"kpi.category.{told.category}")
        yield self._t("target"), f"{target['text'] or i18n.translate(self.lang, 'kpi.no_target')} ({category})"
        yield self._t("catalogue_version"), told.catalogue_version

    def _formula(self, told: Explanation) -> Iterator[Line]:
        kpi = told.kpi
        above, below = kpi["numerator"], kpi["denominator"]
        none = i18n.translate(self.lang, "kpi.no_data")
        yield self._t("numerator"), none if above is None else self.exact(above)
        yield self._t("denominator"), none if below is None else self.exact(below)
        if kpi["value"] is not None and above is not None and below:
            yield self._t("filled_in"), self._filled(told, above, below)
        for name, value in sorted(kpi["extra"].items()):
            if value is not None and not isinstance(value, list | dict):
                yield self._or_code(f"kpi_catalog.extra.{name}"), self._said(value)

    def _filled(self, told: Explanation, above: float, below: float) -> str:
        kpi = told.kpi
        value, unit = self.exact(kpi["value"]), self._or_code(f"kpi_catalog.unit.{kpi['unit']}")
        ratio = f"{self.exact(above)} ÷ {self.exact(below)}"
        match kpi["unit"]:
            case "percent":
                return f"{PERCENT} × {ratio} = {value} {unit}"
            case "per_1000_vehicles" if (told.period.months or 1) > 1:
                return f"{self.exact(above)} ÷ {told.period.months} ÷ {self.exact(below)} = {value} {unit}"
            case _:
                return f"{ratio} = {value} {unit}"

    def _events(self, told: Explanation) -> Iterator[Line]:
        events = told.kpi["events"]
        if events is None:
            yield "", self._t("no_events")
            return
        yield self._t("rows"), self._number(events["rows"])
        formula = FORMULAS[str(told.kpi["id"])]
        for part, key in ((formula.above, "numerator"), (formula.below, "denominator")):
            if part != "outside" or events[key]:
                yield self._t(f"in_{key}"), self._number(events[key])
        for reason, n in events["excluded"].items():
            yield self._t("excluded", reason=self.reason(reason)), self._number(n)
        yield self._t("query"), f"{events['query']}({told.kpi['id']}, {told.period})"
        yield self._t("events_hash"), f"{events['root']} ({self._t('over_days', n=events['days'])})"

    def _inputs(self, told: Explanation) -> Iterator[Line]:
        for one in told.kpi["inputs"]:
            about = [one["source"], one["on"] and i18n.day(self.lang, date.fromisoformat(one["on"]))]
            value = None if one["value"] is None else self._said(one["value"])
            yield (
                self._or_code(f"kpi_catalog.input.{one['key']}"),
                "; ".join(str(part) for part in (value, *about) if part),
            )
        for one in told.inputs:
            entered = self.moment(datetime.fromisoformat(one["entered_at"]))
            who = self.person(one["entered_by"])
            said = self._t("entry", entry=one["entry"], as_of=i18n.day(self.lang, date.fromisoformat(one["as_of"])),
                           entered=entered, by=who, sha256=one["sha256"][:SHORT])  # fmt: skip
            yield self._or_code(f"kpi_catalog.input.{one['name']}"), said
        if not told.kpi["inputs"]:
            yield "", self._t("no_inputs")

    def _scoring(self, told: Explanation) -> Iterator[Line]:
        kpi = told.kpi
        if kpi["score"] is None:
            yield self._t("score"), i18n.translate(self.lang, "kpi.not_scored")
            return
        yield self._t("score"), self.exact(kpi["score"])
        yield self._t("uncapped"), self._t("unbounded") if kpi["uncapped"] is None else self.exact(kpi["uncapped"])
        points = self.exact(kpi["score"] * kpi["points"])
        yield self._t("points"), self._t("points_of", points=points, all=str(kpi["points"]))
        for one in told.alternatives:
            reading = self._or_code(f"kpi_catalog.reading.{one.reading}")
            choice = self._or_code(f"kpi_catalog.reading_choice.{one.reading}_{one.choice}")
            score = "" if one.score is None else self.exact(one.score)
            mark = self._t("chosen") if one.chosen else self._t("other_choice")
            yield f"{reading}: {choice}", f"{score} ({mark})"

    def _publication(self, told: Explanation) -> Iterator[Line]:
        held = told.publication
        yield self._t("as_of"), self.moment(datetime.fromisoformat(told.as_of))
        yield self._t("program"), f"Qyran {told.program}"
        yield self._t("hash"), told.sha256
        if held is None:
            yield "", self._t("provisional_note")
            return
        yield self._t("published_at"), f"{self.moment(held.published_at)}, {self.person(held.published_by)}"
        yield self._t("publication_hash"), held.sha256
        yield self._t("chain_head"), held.head
        rules = rules_on(held.period.first)
        terms = f"{rules.version} · {i18n.day(self.lang, rules.term(str(told.kpi['id']), held.period))}"
        yield self._t("rules_until"), terms

    def _revisions(self, told: Explanation) -> Iterator[Line]:
        if told.publication is not None and not told.revisions:
            yield "", self._t("no_revisions")
        for one in told.revisions:
            yield self._t("revision", number=str(one.number)), self.revision(told, one)

    def revision(self, told: Explanation, one: Revision) -> str:
        """One revision in a line."""
        return self.revised(told.kpi["unit"], one)

    def revised(self, unit: str, one: Revision) -> str:
        """A revision in a line."""
        none = i18n.translate(self.lang, "kpi.no_data")
        old, new = (none if cells["value"] is None else self.exact(cells["value"]) for cells in (one.old, one.new))
        key = "revision_admitted" if one.admitted else "revision_refused"
        job = one.content["job"]
        return self._t(
            key,
            old=old,
            new=new,
            unit=self._or_code(f"kpi_catalog.unit.{unit}"),
            causes=self.causes(one),
            at=self.moment(one.found_at),
            by=self.person(one.found_by) if job is None else f"{self.person(one.found_by)} ({job})",
        )

    def causes(self, one: Revision) -> str:
        """Why, with how many events each."""
        return "; ".join(f"{self.cause(one, code)}: {n}" for code, n in one.causes.items())

    def cause(self, one: Revision, code: str) -> str:
        """A cause by the rules that a revision was judged by."""
        return rules_on(date.fromisoformat(one.content["day"])).cause(code).name[self.lang]

    def contribution(self, told: Any, otherwise: str) -> str:
        """What an event contributed, or that it was not there."""
        if told is None:
            return self._t(otherwise)
        counted = i18n.translate(self.lang, f"kpi_events.counted_{told['counted']}")
        parts = [counted, self.reason(told["reason"]) if told["reason"] else ""]
        parts.append("" if told["value"] is None else self.exact(told["value"]))
        return ", ".join(part for part in parts if part)

    def moment_of(self, text: str) -> str:
        """A moment as it is kept, in the city's zone."""
        return self.moment(datetime.fromisoformat(text))

    def none_yet(self) -> str:
        """That nothing was revised."""
        return self._t("no_revisions")

    def intact(self, proof: Proof) -> str:
        """That a check found nothing, and how much it looked at."""
        counts = self._t("checked", publications=proof.publications, values=proof.values, events=proof.events)
        return f"{self._t('intact')} ({counts})"

    def flaw(self, one: Flaw) -> str:
        """What a check found."""
        kpi = self._t("whole") if one.kpi_id is None else one.kpi_id
        said = self._t("flaw", period=one.period, kpi=kpi, place=one.place, code=self._t(f"flaw_{one.code}"),
                       fields=", ".join(one.fields))  # fmt: skip
        return said.strip()

    def value(self, kpi: Mapping[str, Any]) -> str:
        """A value with its unit, or that there is none."""
        if kpi["value"] is None:
            return i18n.translate(self.lang, "kpi.no_data")
        unit = self._or_code(f"kpi_catalog.unit.{kpi['unit']}")
        return f"{self.exact(kpi['value'])} {unit}"

    def state(self, code: str) -> str:
        """The state of a period's figures."""
        return self._t(f"state_{code}")

    def reason(self, code: str) -> str:
        """Why an event is left out."""
        return self._or_code(f"kpi_event_reason.{code}")

    def exact(self, value: float) -> str:
        """A number with as many decimals as it takes, `EXACT` at most."""
        digits = len(f"{value:.{EXACT}f}".rstrip("0").partition(".")[2])
        return i18n.number(self.lang, value, digits)

    def moment(self, value: datetime) -> str:
        """A moment in the city's zone."""
        return i18n.moment(self.lang, value, self.zone)

    def person(self, user: str) -> str:
        """Somebody's name; the system's own where it was the system."""
        return self._t("system") if user == "system" else self.people.get(user, user)

    def _number(self, value: float) -> str:
        return i18n.number(self.lang, value)

    def _said(self, value: object) -> str:
        match value:
            case bool():
                return i18n.translate(self.lang, "common.yes" if value else "common.no")
            case int() | float():
                return self.exact(value)
            case _:
                return self._or_code(f"kpi_catalog.scope.{value}")

    def _named(self, names: Mapping[str, str]) -> str:
        return i18n.named(self.lang, names)

    def _or_code(self, key: str) -> str:
        return i18n.translate(self.lang, key) if i18n.has(self.lang, key) else key.rpartition(".")[2]

    def _t(self, key: str, **values: object) -> str:
        return i18n.translate(self.lang, f"publication.{key}", **values)


def _one_line(text: str) -> str:
    return " ".join(text.split())

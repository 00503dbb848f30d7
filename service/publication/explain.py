"""The whole derivation of one KPI of one period: as it was published, or as it would be now."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Any, Final

from kpi_catalog.catalogue import Category
from kpi_catalog.period import Period
from kpi_catalog.readings import CHOICES, Readings
from kpi_catalog.scoring import score_kpi
from kpi_catalog.security import DEFINITIONS
from kpi_catalog.status import SCORED, Status
from qyran import __version__
from qyran.errors import NotFound
from qyran.roles import SYSTEM, Actor
from service.access import require
from service.publication.content import frozen, kpi_content, standing_inputs
from service.publication.freeze import CHOICES as DEFINED
from service.publication.freeze import behind_value
from service.publication.model import FrozenKpi, Publication, Revision, State
from service.publication.recompute import kpi_as_frozen
from service.publication.rules import rules_of
from service.publication.shelf import READERS, period_of, published
from service.rating import city_report
from service.store.database import Store

SCORING: Final = ("at_most", "bound", "change", "index", "up_to", "parts")
"""Readings that change what is made of one value."""


@dataclass(frozen=True, slots=True)
class Alternative:
    """A score under one choice of a reading."""

    reading: str
    choice: str
    chosen: bool
    score: float | None
    uncapped: float | None


@dataclass(frozen=True, slots=True)
class Explanation:
    """Everything that led to a figure.

    Attributes:
        kpi: what is said of the KPI (`service.publication.content.kpi_content`).
        sha256: of that, canonical.
        inputs: outside figures that stood.
        readings: as they were chosen; `definitions` likewise.
        alternatives: the score under each choice of the readings that play a part.
        publication: the publication it stands in; None where the figure is provisional.
    """

    period: Period
    state: State
    category: str
    kpi: Mapping[str, Any]
    sha256: str
    inputs: tuple[Mapping[str, Any], ...]
    readings: Mapping[str, str]
    definitions: Mapping[str, Any]
    catalogue_version: str
    program: str
    rules: str
    as_of: str
    alternatives: tuple[Alternative, ...]
    publication: Publication | None = None
    revisions: tuple[Revision, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """JSON-ready form."""
        held = self.publication
        return {
            "kpi": dict(self.kpi),
            "sha256": self.sha256,
            "period": str(self.period),
            "category": self.category,
            "state": self.state.value,
            "as_of": self.as_of,
            "catalogue_version": self.catalogue_version,
            "program": self.program,
            "rules": self.rules,
            "readings": dict(self.readings),
            "definitions": dict(self.definitions),
            "alternatives": [asdict(one) for one in self.alternatives],
            "inputs": [dict(one) for one in self.inputs],
            "publication": None
            if held is None
            else {
                "id": held.id,
                "published_at": held.published_at.isoformat(),
                "published_by": held.published_by,
                "sha256": held.sha256,
                "head": held.head,
            },
            "revisions": [one.as_dict() for one in self.revisions],
        }


def explain(
    store: Store, kpi_id: str, period: Period | str, *, now: bool | None = None, actor: Actor = SYSTEM
) -> Explanation:
    """How a figure came about.

    Args:
        store: the store.
        kpi_id: any of the 118.
        period: of the figure.
        now: as it would be now (True), as it was published (False), or as published where it is (None).
        actor: who asks.

    Raises:
        AccessError: the actor reads no KPIs.
        InputError: there is no such period.
        NotFound: there is no such KPI, or the period is not published and only that was wanted.
    """
    require(actor, READERS)
    wanted = period_of(store, period)
    held = None if now else published(store, wanted, actor=actor)
    if held is not None:
        return _published(held, kpi_id)
    if now is False:
        raise NotFound(f"The period {wanted} is not published; ask how its figures stand now.")
    return _provisional(store, kpi_id, wanted)


def _published(held: Publication, kpi_id: str) -> Explanation:
    one, whole = held.kpi(kpi_id), held.content
    return Explanation(
        period=held.period,
        state=held.state,
        category=held.category,
        kpi=one.content,
        sha256=one.sha256,
        inputs=tuple(_used(one.content, whole["inputs"])),
        readings=whole["readings"],
        definitions=whole["definitions"],
        catalogue_version=whole["catalogue_version"],
        program=whole["program"]["version"],
        rules=whole["rules"],
        as_of=whole["as_of"],
        alternatives=tuple(_alternatives(one, held.category, whole["readings"])),
        publication=held,
        revisions=held.revisions_of(kpi_id),
    )


def _provisional(store: Store, kpi_id: str, period: Period) -> Explanation:
    report = city_report(store, None, period, actor=SYSTEM, definitions=DEFINED)
    try:
        kpi = report.kpi(kpi_id)
    except KeyError:
        raise NotFound(f"There is no KPI {kpi_id}; the order's are 1.1 to 16.5.") from None
    behind = behind_value(store, kpi_id, period) if kpi_id in DEFINITIONS else None
    text = frozen(kpi_content(kpi, behind))
    one = FrozenKpi(kpi_id, text.content, text.sha256)
    with store.read(SYSTEM) as work:
        inputs = standing_inputs(work, report)
    readings = asdict(report.readings)
    return Explanation(
        period=period,
        state=State.PROVISIONAL,
        category=report.category.value,
        kpi=text.content,
        sha256=text.sha256,
        inputs=tuple(_used(text.content, inputs)),
        readings=readings,
        definitions=asdict(DEFINED),
        catalogue_version=report.catalogue_version,
        program=__version__,
        rules=rules_of(period).version,
        as_of=report.as_of.isoformat(),
        alternatives=tuple(_alternatives(one, report.category.value, readings)),
    )


def _used(kpi: Mapping[str, Any], inputs: Any) -> Iterator[Mapping[str, Any]]:
    """Of the outside figures that stood those with a source that the value names."""
    sources = {one["source"] for one in kpi["inputs"] if one["source"]}
    return (one for one in inputs if one["source"] in sources)


def _alternatives(one: FrozenKpi, category: str, told: Mapping[str, str]) -> Iterator[Alternative]:
    """The score under each choice of the readings that change it."""
    content = one.content
    if content["score"] is None or Status(content["status"]) not in SCORED:
        return
    known = {field.name for field in fields(Readings)}
    chosen = Readings(**{name: value for name, value in told.items() if name in known})  # type: ignore[arg-type]
    kpi = kpi_as_frozen(one, category)
    for reading in SCORING:
        found = []
        for choice in CHOICES[reading]:
            changed = replace(chosen, **{reading: choice})  # type: ignore[arg-type]
            score = score_kpi(kpi, Category(category), content["fact"], readings=changed)
            found.append(Alternative(reading, choice, getattr(chosen, reading) == choice, score.score, score.uncapped))
        if len({(each.score, each.uncapped) for each in found}) > 1 or (
            reading == "at_most" and content["target"]["rule"].startswith("le")
        ):
            yield from found

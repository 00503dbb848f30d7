"""What a publication says, as canonical JSON: built once when the period is frozen, never afterwards.

`CONTENT_FORMAT` is raised when a field changes its meaning; texts of older formats stay as they are.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from datetime import date
from pathlib import Path
from typing import Any, Final

from sqlalchemy import func, select

from evidence.canonical import canonical_json, file_sha256, sha256_hex
from evidence.chain import root_of
from kpi_catalog.catalogue import Target
from kpi_catalog.city import CityKpi, CityReport
from kpi_catalog.records import Definitions
from kpi_catalog.security import DEFINITIONS
from qyran import __version__
from service.imports.journals import stood
from service.publication.event_sets import EventSet, root
from service.publication.reckoning import Reckoned
from service.publication.rules import last_day
from service.store.database import Work
from service.store.import_tables import CityImport
from service.store.tables import CityInput

CONTENT_FORMAT: Final = 1
MARK: Final = 8
"""Signs of a field's hash that are kept to name a changed field; the text's whole hash is what finds the change."""
EVENTS_QUERY: Final = "service.rollups.events.every_event"


@dataclass(frozen=True, slots=True)
class Text:
    """A frozen text."""

    content: dict[str, Any]
    text: str
    marks: str
    sha256: str


@dataclass(frozen=True, slots=True)
class Behind:
    """The events behind a value.

    Attributes:
        days: by local day, days without an event left out.
        reckoned: what all of them add up to.
    """

    days: Mapping[date, EventSet]
    reckoned: Reckoned

    @property
    def held(self) -> dict[date, tuple[int, str]]:
        """Number and hash of each day's events."""
        return {day: (one.rows, one.sha256) for day, one in self.days.items()}

    def as_dict(self) -> dict[str, Any]:
        """What a publication says of them."""
        return {"query": EVENTS_QUERY, "days": len(self.days), "root": root(self.held)} | self.reckoned.tally.as_dict()


def frozen(content: Mapping[str, Any]) -> Text:
    """A content as it is kept."""
    plain = dict(content)
    data = canonical_json(plain)
    return Text(plain, data.decode(), marks_of(plain), sha256_hex(data))


def marks_of(content: Mapping[str, Any]) -> str:
    """The beginnings of the hashes of a content's fields, in the order of their names."""
    return "".join(mark_of(content, name) for name in sorted(content))


def mark_of(content: Mapping[str, Any], name: str) -> str:
    """The mark of one field."""
    return sha256_hex(canonical_json({name: content[name]}))[:MARK]


def kpi_content(one: CityKpi, behind: Behind | None) -> dict[str, Any]:
    """Everything said of one KPI."""
    fact = one.measured.fact
    return {
        **one.value.as_dict(),
        "name": dict(one.kpi.name),
        "sphere": one.sphere,
        "initiative": one.kpi.initiative,
        "points": one.kpi.points,
        "order": dict(one.kpi.source),
        "formula": dict(one.kpi.formula),
        "order_period": one.kpi.period,
        "target": target_content(one.target) | {"order_text": dict(one.kpi.target_text)},
        "origin": one.origin.value,
        "fact": dict(fact) if isinstance(fact, Mapping) else fact,
        "measured": one.value.status.value,
        "status": one.status.value,
        "score": one.score.score,
        "uncapped": one.score.uncapped,
        "definition": definition_of(one.kpi.id),
        "events": None if behind is None else behind.as_dict(),
    }


def target_content(target: Target) -> dict[str, Any]:
    """A target with everything that scoring needs of it."""
    told = {one.name: getattr(target, one.name) for one in fields(target)}
    return told | {"rule": target.rule.value, "parts": dict(target.parts)}


def definition_of(kpi_id: str) -> dict[str, Any] | None:
    """Where a KPI is defined, and the hash of the file that says it; None where nothing of ours computes it."""
    definition = DEFINITIONS.get(kpi_id)
    if definition is None:
        return None
    module = definition.judge.__module__
    return {"module": module, "sha256": file_sha256(Path(inspect.getfile(inspect.unwrap(definition.judge))))}


def whole_content(
    work: Work, report: CityReport, kpis: Mapping[str, str], definitions: Definitions, rules: str
) -> dict[str, Any]:
    """Everything said of a period as a whole.

    Args:
        work: to read the outside figures that stood.
        report: of the period.
        kpis: hash of each KPI's text, by id.
        definitions: the choices that were computed with.
        rules: version of the rules of revision in force.
    """
    period, told = report.period, report.as_dict()
    return {
        "format": CONTENT_FORMAT,
        "period": str(period),
        "kind": period.kind.value,
        "zone": period.zone,
        "first": period.first.isoformat(),
        "last": last_day(period).isoformat(),
        "start": period.start.isoformat(),
        "end": period.end.isoformat(),
        "city": work.store.settings.city_id,
        "demo": work.store.demo,
        "category": report.category.value,
        "as_of": report.as_of.isoformat(),
        "catalogue_version": report.catalogue_version,
        "program": {"name": "qyran", "version": __version__},
        "rules": rules,
        "readings": asdict(report.readings),
        "definitions": asdict(definitions),
        "spheres": told["spheres"],
        "score": told["city"],
        "rating": told["rating"],
        "additional": told["additional"],
        "inputs": standing_inputs(work, report),
        "kpis": dict(kpis),
        "root": root_of({key: (1, sha256) for key, sha256 in kpis.items()}),
    }


def standing_inputs(work: Work, report: CityReport) -> list[dict[str, Any]]:
    """The outside figures as they stood when the data were read: which entry, whose, of which day, and its hash."""
    newest = select(func.max(CityInput.id)).where(CityInput.entered_at <= report.as_of).group_by(CityInput.name)
    entries = work.session.scalars(select(CityInput).where(CityInput.id.in_(newest)).order_by(CityInput.name))
    found = [
        {
            "name": row.name,
            "entry": str(row.id),
            "source": row.source,
            "as_of": row.as_of.isoformat(),
            "entered_at": row.entered_at.isoformat(),
            "entered_by": row.entered_by,
            "sha256": sha256_hex(canonical_json(row.value)),
            "rows": 1,
        }
        for row in entries
    ]
    files = select(CityImport).where(*stood(report.as_of)).order_by(CityImport.kind, CityImport.entered_at)
    found += [
        {
            "name": file.kind,
            "entry": file.id,
            "source": file.source,
            "as_of": file.as_of.isoformat(),
            "entered_at": file.entered_at.isoformat(),
            "entered_by": file.entered_by,
            "sha256": file.sha256,
            "rows": file.rows,
        }
        for file in work.session.scalars(files)
    ]
    return found

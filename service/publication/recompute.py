"""Computing an old period again by its own versions: to the same value, or to the cell that is another.

What is kept is enough and needs nothing of the present: the events of each day give numerator and denominator, the
definition's version says how they make the value, the frozen target and readings make the score, the scores the sphere.
Beside that the outside figures are held to what stood then, wherever they have gone since.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, replace
from typing import Any, Final

from sqlalchemy import select

from evidence.canonical import canonical_json, sha256_hex
from kpi_catalog.catalogue import Category, Kpi, Rule, Target, catalogue
from kpi_catalog.readings import Readings
from kpi_catalog.scoring import KpiScore, score_kpi, sphere_score
from kpi_catalog.security import DEFINITIONS
from kpi_catalog.status import SCORED, Status
from qyran.errors import InputError, NotFound
from qyran.roles import SYSTEM, Actor
from service.access import require
from service.publication.content import definition_of
from service.publication.model import FrozenKpi, Publication
from service.publication.reckoning import FORMULAS, Reckoned, reckon
from service.publication.shelf import READERS, events_behind
from service.store.database import Store, Work
from service.store.import_tables import CityImport
from service.store.tables import CityInput

CELLS: Final = ("numerator", "denominator", "value", "score", "uncapped")


@dataclass(frozen=True, slots=True)
class Differing:
    """A cell that did not come out as it was published.

    Attributes:
        kpi_id: the KPI, or a sphere's id for a cell of a sphere, or an input's name.
        cell: its name.
        frozen, again: as published and as computed again.
    """

    kpi_id: str
    cell: str
    frozen: Any
    again: Any

    def as_dict(self) -> dict[str, Any]:
        """JSON-ready form."""
        return {"kpi": self.kpi_id, "cell": self.cell, "frozen": self.frozen, "again": self.again}


@dataclass(frozen=True, slots=True)
class Recomputed:
    """A publication computed again.

    Attributes:
        values: of every KPI the cells that were computed again; a cell that rests on an outside figure alone is taken
            from it.
        cells: how many cells were compared.
        from_events: KPIs whose value came from their events.
        notes: codes of what is worth knowing and no difference: `definition_moved` where the file of a definition is
            another now (its version decides), `input_withdrawn` where an outside figure was withdrawn since.
    """

    publication: str
    period: str
    values: Mapping[str, Mapping[str, Any]]
    cells: int
    from_events: tuple[str, ...]
    differing: tuple[Differing, ...]
    notes: tuple[tuple[str, str], ...]

    @property
    def same(self) -> bool:
        """Whether every cell came out as it was published."""
        return not self.differing

    def as_dict(self) -> dict[str, Any]:
        """JSON-ready form."""
        return {
            "publication": self.publication,
            "period": self.period,
            "same": self.same,
            "cells": self.cells,
            "from_events": list(self.from_events),
            "differing": [one.as_dict() for one in self.differing],
            "notes": [{"code": code, "about": about} for code, about in self.notes],
            "values": {key: dict(one) for key, one in self.values.items()},
        }


def recompute(store: Store, publication: Publication, *, actor: Actor = SYSTEM) -> Recomputed:
    """Compute a published period again by its own versions.

    Raises:
        AccessError: the actor reads no KPIs.
        IntegrityError: events kept with it are not those that were published.
    """
    require(actor, READERS)
    readings = _readings(publication.content["readings"])
    values: dict[str, dict[str, Any]] = {}
    differing: list[Differing] = []
    from_events: list[str] = []
    with store.read(actor) as work:
        for key, one in publication.kpis.items():
            reckoned = _reckoned(work, publication, key)
            if reckoned is not None and reckoned.value is not None:
                from_events.append(key)
            values[key] = _again(one, publication.category, readings, reckoned, _months(publication))
            differing += _compare(one, values[key], reckoned)
        inputs, notes = _inputs(work, publication)
    spheres = _spheres(publication, values)
    differing += spheres + inputs
    notes += [("definition_moved", key) for key, one in publication.kpis.items() if _moved(one)]
    compared = len(CELLS) * len(values) + len(publication.content["spheres"]) + len(publication.content["inputs"])
    return Recomputed(
        publication.id, str(publication.period), values, compared, tuple(from_events), tuple(differing), tuple(notes)
    )


def _reckoned(work: Work, publication: Publication, kpi_id: str) -> Reckoned | None:
    if kpi_id not in FORMULAS or publication.kpi(kpi_id).content["events"] is None:
        return None
    return reckon(kpi_id, events_behind(work, publication.id, kpi_id).values())


def _again(
    one: FrozenKpi, category: str, readings: Readings, reckoned: Reckoned | None, months: int | None
) -> dict[str, Any]:
    """The cells of a KPI computed again; what the events do not tell is taken as it was published."""
    told = one.content
    numerator, denominator, value = told["numerator"], told["denominator"], told["value"]
    if reckoned is not None:
        numerator = _either(reckoned.numerator, numerator)
        denominator = _either(reckoned.denominator, denominator)
    if value is not None and reckoned is not None:
        value = _either(reckoned.value, value)
        if reckoned.value is None and numerator is not None and denominator:
            value = _outside(told["unit"], numerator, denominator, months, value)
    score = _score(one, category, readings, value)
    return {
        "numerator": numerator,
        "denominator": denominator,
        "value": value,
        "score": score.score,
        "uncapped": score.uncapped,
        "status": told["status"],
    }


def _either(found: float | None, told: float | None) -> float | None:
    """What was found, unless nothing was told: a numerator without its denominator may be left unsaid."""
    return told if found is None or told is None else found


def _outside(unit: str, numerator: float, denominator: float, months: int | None, otherwise: Any) -> Any:
    """The value where a part of it comes from outside: 9.1, 9.2 and 9.6."""
    match unit:
        case "percent":
            return 100 * numerator / denominator
        case "per_1000_vehicles":
            return numerator / (months or 1) / denominator
        case "count_per_month":
            return numerator / (months or 1)
        case _:
            return otherwise


def _score(one: FrozenKpi, category: str, readings: Readings, value: float | None) -> KpiScore:
    """The score by the frozen target and readings."""
    told = one.content
    status = Status(told["status"])
    fact = told["fact"] if isinstance(told["fact"], Mapping) or told["fact"] != told["value"] else value
    if status not in SCORED or fact is None or told["score"] is None:
        return KpiScore(None, None, status)
    return score_kpi(kpi_as_frozen(one, category), Category(category), fact, readings=readings)


def kpi_as_frozen(one: FrozenKpi, category: str) -> Kpi:
    """The order's row with the target as it was: a later catalogue changes nothing here.

    Raises:
        NotFound: the catalogue lost the KPI.
    """
    target: Mapping[str, Any] = one.content["target"]
    row = catalogue().kpis.get(one.kpi_id)
    if row is None:
        raise NotFound(f"The catalogue has no KPI {one.kpi_id}, which the publication holds.")
    known = {field.name: target[field.name] for field in fields(Target) if field.name in target}
    was = Target(**known | {"rule": Rule(target["rule"])})
    return replace(row, targets={**row.targets, Category(category): was})


def _compare(one: FrozenKpi, again: Mapping[str, Any], reckoned: Reckoned | None) -> Iterator[Differing]:
    for cell in CELLS:
        if again[cell] != one.content[cell]:
            yield Differing(one.kpi_id, cell, one.content[cell], again[cell])
    events = one.content["events"]
    if reckoned is not None and events is not None:
        for cell, found in reckoned.tally.as_dict().items():
            if events[cell] != found:
                yield Differing(one.kpi_id, f"events.{cell}", events[cell], found)


def _spheres(publication: Publication, values: Mapping[str, Mapping[str, Any]]) -> list[Differing]:
    found = []
    for sphere, told in publication.content["spheres"].items():
        mine = [one for one in publication.kpis.values() if one.content["sphere"] == sphere]
        if not mine:
            continue
        again = sphere_score(
            (
                one.content["points"],
                KpiScore(values[one.kpi_id]["score"], values[one.kpi_id]["uncapped"], Status(one.status)),
            )
            for one in mine
        )
        found += [
            Differing(sphere, cell, told[cell], getattr(again, cell))
            for cell in ("score", "score_missing_as_zero", "coverage")
            if told[cell] != getattr(again, cell)
        ]
    return found


def _inputs(work: Work, publication: Publication) -> tuple[list[Differing], list[tuple[str, str]]]:
    """Whether the outside figures are still kept as they stood, whatever stands now."""
    found: list[Differing] = []
    notes: list[tuple[str, str]] = []
    for told in publication.content["inputs"]:
        name, entry = str(told["name"]), str(told["entry"])
        hashed: str | None
        if entry.isdecimal():
            row = work.session.get(CityInput, int(entry))
            hashed = None if row is None else sha256_hex(canonical_json(row.value))
        else:
            file = work.session.scalar(select(CityImport).where(CityImport.id == entry))
            hashed = None if file is None else file.sha256
            if file is not None and file.withdrawn_at is not None:
                notes.append(("input_withdrawn", name))
        if hashed != told["sha256"]:
            found.append(Differing(name, "sha256", told["sha256"], hashed))
    return found, notes


def _readings(told: Mapping[str, Any]) -> Readings:
    known = {field.name for field in fields(Readings)}
    if set(told) - known:
        raise InputError(f"The readings {', '.join(sorted(set(told) - known))} are not known to this version of Qyran.")
    return Readings(**told)


def _months(publication: Publication) -> int | None:
    return publication.period.months


def _moved(one: FrozenKpi) -> bool:
    told = one.content["definition"]
    return told is not None and one.kpi_id in DEFINITIONS and told != definition_of(one.kpi_id)

"""What the machine said about a case and how sure it was: the plate sign by sign, scores, networks, clock."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from evidence.manifest import Manifest
from service.views import CaseDetail
from service.web.passage_view import Sign
from service.web.words import Words

SHORT_HASH: Final = 12
"""Signs of a SHA-256 that are shown: enough to compare by eye; the package holds all."""


@dataclass(frozen=True, slots=True)
class MachineView:
    """Said by the machine.

    Attributes:
        signs: of the plate as it was read, doubtful ones marked.
        doubt: which signs are doubtful, in words.
        facts: labels and values: certainty of the finding and of the plate, rule, networks, clock.
    """

    signs: tuple[Sign, ...]
    doubt: str | None
    facts: tuple[tuple[str, str], ...]


def machine_view(w: Words, seen: CaseDetail, manifest: Manifest | None) -> MachineView:
    """What is known of it; without a readable package only what the store holds."""
    read = seen.plate_read or ""
    plate = manifest.plate if manifest and manifest.plate and manifest.plate.text == read else None
    doubtful = set(plate.uncertain) if plate else set()
    signs = tuple(Sign(sign, place in doubtful) for place, sign in enumerate(read))
    places = ", ".join(str(place + 1) for place in sorted(doubtful))
    facts = []
    if seen.score is not None:
        facts.append(("finding", w.num(seen.score, 2)))
    if plate is not None:
        facts.append(("plate", w.num(plate.score, 2)))
    if manifest is not None:
        facts.append(("rule", w.t("machine.rule_version", version=manifest.finding.rule_version)))
        facts += [(name, sha[:SHORT_HASH]) for name, sha in sorted(manifest.models.items())]
        facts.append(("clock", _clock(w, manifest)))
    return MachineView(
        signs=signs,
        doubt=w.t("machine.doubt", places=places) if places else None,
        facts=tuple((_label(w, name), value) for name, value in facts),
    )


def _label(w: Words, name: str) -> str:
    known = {"finding", "plate", "rule", "clock"}
    return w.t(f"machine.{name}") if name in known else w.t("machine.network", name=name)


def _clock(w: Words, manifest: Manifest) -> str:
    ntp = manifest.clock.get("ntp")
    offset = ntp.get("offset_s") if isinstance(ntp, dict) else None
    if isinstance(offset, int | float):
        return w.t("machine.clock_offset", ms=w.num(1000 * offset, 0))
    return w.t("machine.clock_unknown")

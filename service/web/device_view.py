"""The device a case rests on, in words: papers, what it measured, and what our camera saw of it."""

from __future__ import annotations

from service.views import DeviceView
from service.web.words import Words

DIGITS = 1


def device_facts(w: Words, seen: DeviceView) -> tuple[tuple[str, str], ...]:
    """Labels and values, in the order the officer reads them; what is missing is said."""
    none = w.t("common.none")
    until = w.day(seen.verified_until) if seen.verified_until else none
    facts = [
        ("name", f"{seen.type}, {seen.serial}"),
        ("certificate", seen.certificate or none),
        ("verification", f"{seen.verification}, {w.t('device.until', day=until)}" if seen.verification else none),
    ]
    facts += [
        (name, _kmh(w, value))
        for name, value in (
            ("measured", seen.measured_kmh),
            ("permitted", seen.permitted_kmh),
            ("margin", seen.margin_kmh),
            ("over", seen.over_kmh),
        )
        if value is not None
    ]
    if seen.length_m is not None:
        facts.append(("length", w.t("device.metres", n=w.num(seen.length_m))))
    if seen.match is not None:
        score = w.num(seen.match_score, 2) if seen.match_score is not None else none
        facts.append(("match", w.t(f"device.match_{seen.match}", score=score)))
    return tuple((w.t(f"device.{name}"), value) for name, value in facts)


def _kmh(w: Words, value: float) -> str:
    return w.t("unit.kmh_alone", value=w.num(value, DIGITS))

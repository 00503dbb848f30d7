"""Findings in words."""

from __future__ import annotations

from typing import cast

from service.doctor.findings import Finding, Grade
from service.i18n import Language, has, translate


def title(lang: str, name: str) -> str:
    """The name of a check."""
    return translate(cast("Language", lang), f"doctor.check.{name}")


def sentence(lang: str, finding: Finding) -> str:
    """What was found."""
    return translate(cast("Language", lang), _key("says", lang, finding), **finding.values)


def cure(lang: str, finding: Finding) -> str | None:
    """How it is mended; None where nothing has to be."""
    key = f"doctor.mend.{finding.code}"
    if finding.grade is Grade.OK or not has(cast("Language", lang), key):
        return None
    return translate(cast("Language", lang), key, **finding.values)


def _key(part: str, lang: str, finding: Finding) -> str:
    """One code can be good or bad: its words of the grade, where there are some, go before those of the code."""
    graded = f"doctor.{part}.{finding.code}_{finding.grade}"
    return graded if has(cast("Language", lang), graded) else f"doctor.{part}.{finding.code}"

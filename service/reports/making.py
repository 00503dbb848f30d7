"""A report in a format: its bytes, media type and name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from qyran.errors import InputError
from service.reports.content import Report
from service.reports.pdf import pdf_bytes
from service.reports.table import csv_bytes
from service.reports.workbook import xlsx_bytes


@dataclass(frozen=True, slots=True)
class Form:
    """A format of reports."""

    media: str
    make: Callable[[Report], bytes]


FORMS: Final[Mapping[str, Form]] = MappingProxyType(
    {
        "pdf": Form("application/pdf", pdf_bytes),
        "xlsx": Form("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", xlsx_bytes),
        "csv": Form("text/csv; charset=utf-8", csv_bytes),
    }
)


def form_of(name: str) -> Form:
    """A format by its ending.

    Raises:
        InputError: there is no such format.
    """
    found = FORMS.get(name)
    if found is None:
        raise InputError(f"A report's format is one of {', '.join(FORMS)}, not {name!r}.")
    return found

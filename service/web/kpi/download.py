"""Reports to download."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from starlette.responses import Response

from service.reports.content import report_of
from service.reports.making import form_of
from service.web.kpi.asked import ForPeriod

router = APIRouter()


@router.get("/report/{form}")
def download(asked: ForPeriod, form: str, scope: Annotated[str, Query(max_length=10)] = "sphere") -> Response:
    """The report of the sphere or the city as PDF, XLSX or CSV, in the reader's language."""
    made = form_of(form)
    visit = asked.visit
    report = report_of(visit.store, scope, asked.period, visit.lang, category=asked.category.value, actor=visit.actor)
    headers = {"content-disposition": f'attachment; filename="{report.name}.{form}"', "cache-control": "no-store"}
    return Response(made.make(report), media_type=made.media, headers=headers)

"""All pages of the evaluator's console, plain words before the ids of KPIs."""

from __future__ import annotations

from fastapi import APIRouter

from service.web.kpi import analysis_pages, city_page, download, events_page, one_page, sphere_page

router = APIRouter(include_in_schema=False)
for pages in (sphere_page, city_page, analysis_pages, download, one_page, events_page):
    router.include_router(pages.router, prefix="/kpi")

"""What axe, the accessibility checker, finds on a page."""

from __future__ import annotations

import os

import pytest

from service.web.vendor import ROOT

AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"
GRAVE = frozenset({"serious", "critical"})


def serious(page) -> list[tuple[str, list]]:
    """Serious and critical findings with the first places of each."""
    if not AXE.is_file():
        if os.environ.get("CI"):
            pytest.fail("axe-core is absent; run `npm ci`")
        pytest.skip("axe-core is absent; run `npm ci`")
    page.evaluate(AXE.read_text(encoding="utf-8"))
    report = page.evaluate("axe.run(document, { resultTypes: ['violations'] })")
    return [
        (one["id"], [node["target"] for node in one["nodes"]][:5])
        for one in report["violations"]
        if one["impact"] in GRAVE
    ]

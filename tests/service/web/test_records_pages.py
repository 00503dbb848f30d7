from __future__ import annotations

import re

from tests.service.records import deliver, settled


def test_the_officer_sees_device_papers_and_measured_value(visitors, world):
    name = deliver(world)
    settled(world)
    page = visitors("police_officer").get(f"/cases/{name}").text
    for said in ("Radar M, K-0042", "KZ.02.1", "ВТ-17, valid until", "95.0", "60.0", "33.0", "saw no fitting vehicle"):
        assert said in page
    assert "The device&#39;s picture" in page


PERMIT = {
    "ground": "emergency", "plate": "003 KP 02", "valid_from": "2026-11-22T00:00", "document": "order 7",
    "kind": "red_light",
}  # fmt: skip


def test_an_administrator_enters_and_ends_a_permit_on_the_page(visitors):
    administrator = visitors("administrator")
    assert administrator.form("/exemptions/permits", on="/exemptions", **PERMIT).status_code == 303
    page = administrator.get("/exemptions").text
    assert "003KP02" not in page  # who entered it sees no list of plates afterwards
    assert re.search(r"00\S+02", page)
    assert "Set a controller" not in page
    path = re.search(r'action="(/exemptions/permits/[^"]+/end)"', page).group(1)
    assert administrator.form(path, on="/exemptions").status_code == 303
    assert "No permit holds." in administrator.get("/exemptions").text
    refused = administrator.form("/exemptions/permits", on="/exemptions", **{**PERMIT, "valid_from": "soon"})
    assert (refused.status_code, "A time is written as" in refused.text) == (422, True)
    assert administrator.form("/exemptions/flags", on="/exemptions", camera="abay-12").status_code == 403


def test_an_officer_sets_a_flag_and_sees_no_permits(visitors, world):
    visitors("administrator").form("/exemptions/permits", on="/exemptions", **PERMIT)
    officer = visitors("police_officer")
    when = {"camera": "abay-12", "start": "2026-11-22T11:00", "end": "2026-11-22T13:00"}
    assert officer.form("/exemptions/flags", on="/exemptions", **when).status_code == 303
    page = officer.get("/exemptions").text
    assert "lamps, signs and markings" in page
    assert "003KP02" not in page
    case_id = world.case()
    assert "Directed by" in officer.get(f"/cases/{case_id}").text
    path = re.search(r'action="(/exemptions/flags/[^"]+/end)"', page).group(1)
    assert officer.form(path, on="/exemptions").status_code == 303
    assert officer.form("/exemptions/permits", on="/exemptions", **PERMIT).status_code == 403

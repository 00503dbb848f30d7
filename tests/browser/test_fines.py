from __future__ import annotations

import os
from pathlib import Path

import pytest

from qyran.roles import SYSTEM, Role
from service import appeals, fine_payments
from service.signing import check_code
from tests.service.signed import a_fine, delivered
from tests.service.test_appeals import new
from tests.service.test_fine_payments import line

SHOTS = os.environ.get("QYRAN_SHOTS")


def shot(page, name: str) -> None:
    if SHOTS:
        page.screenshot(path=str(Path(SHOTS) / f"{name}.png"), full_page=True)


@pytest.fixture
def fine(city):
    made = a_fine(city)
    delivered(city, made)
    lines = [line(made.number, made.kzt / 2, "T-1"), line(None, 5000, "T-2"), line("ASTANA-2026-1", 900.5, "T-3")]
    city.do(SYSTEM, fine_payments.take, lines, source="Қазынашылық")
    return made


def test_a_senior_officer_gives_a_payment_records_an_appeal_and_answers_it(enter, city, base, fine):
    page = enter(Role.SENIOR_OFFICER)
    page.goto(f"{base}/fines")
    row = page.get_by_role("row", name="T-2")
    row.get_by_placeholder("Decision number").fill(fine.number)
    row.get_by_placeholder("What shows it").fill("the payer's letter 12")
    row.get_by_role("button", name="Give to the decision").click()
    page.get_by_text("Saved", exact=False).first.wait_for()
    page.goto(f"{base}/fines/{fine.case}")
    page.get_by_role("button", name="Record an appeal").click()
    page.get_by_label("Who appeals").fill("A. Person")
    page.get_by_label("What is said").fill("I had sold the car.")
    page.locator("#new-appeal").get_by_role("button", name="Record an appeal").click()
    page.get_by_text("halted while the appeal runs").first.wait_for()
    page.get_by_label("Outcome").select_option("cancelled")
    page.get_by_label("Reason", exact=True).last.select_option("vehicle_sold")
    page.get_by_label("Grounds").fill("The register confirms the sale.")
    page.get_by_role("button", name="Record the answer").click()
    page.get_by_text("The register confirms the sale.").wait_for()
    assert page.get_by_role("button", name="Order the refund").is_visible()


@pytest.mark.parametrize("lang", ["kk", "ru", "en"])
def test_the_pages_fit_a_desk_and_a_telephone(enter, city, base, fine, lang):
    city.do(city.person(Role.SENIOR_OFFICER), appeals.file, fine.case, new(words="Мен көлікті сатқанмын."))
    for width in (1440, 390):
        page = enter(Role.SENIOR_OFFICER, lang, (width, 900))
        for path, name in (("/fines", "fines"), (f"/fines/{fine.case}", "fine")):
            page.goto(f"{base}{path}")
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), (path, width)
            shot(page, f"{name}-{lang}-{width}")


@pytest.mark.parametrize("width", [1440, 390])
def test_the_code_of_the_paper_opens_the_citizens_page(enter, city, base, fine, width):
    page = enter(Role.AUDITOR, "ru", (width, 900))
    page.context.clear_cookies(name="qyran_session")
    code = check_code(city.store.vault, fine.number)
    page.goto(f"{base}/check/{fine.number}#code={code}&sha256=00")
    assert page.get_by_label("Код").input_value() == code
    assert "#" not in page.url
    shot(page, f"check-form-{width}")
    page.get_by_role("button", name="Проверить").click()
    page.get_by_text("вынесено и подписано").wait_for()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    shot(page, f"check-{width}")

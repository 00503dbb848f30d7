from __future__ import annotations

import json
import os

import pytest
from playwright.sync_api import expect

from qyran.roles import Role
from service.imports.kinds import KINDS
from service.imports.templates import write_xlsx
from service.web.vendor import ROOT
from tests.browser.test_all_pages import NAMED, WIDER

pytestmark = pytest.mark.browser

AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"
WRONG = "id;name;length_km;unit\nR-1;Абай даңғылы;12,5;км\nR-2;Сәтбаев көшесі;8,4;мин\nR-1;Абай даңғылы;12,5;км\n"
LINES = (
    "LINESTRING (76.88 43.24, 76.95 43.238)", "LINESTRING (76.92 43.20, 76.925 43.28)",
    "LINESTRING (76.90 43.25, 76.94 43.26)",
)  # fmt: skip
RIGHT = "id;name;geometry\n" + "".join(f"R-{n};Көше {n};{line}\n" for n, line in enumerate(LINES))
OBJECTS = [{"id": "UTO-1", "kind": "education", "name": "№ 12 мектеп", "address": "Абай, 45"}]


def bring(page, base, folder, kind: str, data: bytes | str, name: str, source: str = "Акимат, письмо 12") -> None:
    """Upload a file with the keyboard alone, but for the choice of the file itself."""
    path = folder / name
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    page.goto(f"{base}/imports?kind={kind}")
    page.locator("#file").set_input_files(path)
    page.locator("#source").focus()
    page.keyboard.type(source)
    page.keyboard.press("Enter")
    page.wait_for_url("**/imports/drafts/*")


def faults(page) -> dict[str, object]:
    """What axe, the outline of the page and its width say."""
    if not AXE.is_file():
        if os.environ.get("CI"):
            pytest.fail("axe-core is absent; run `npm ci`")
        pytest.skip("axe-core is absent; run `npm ci`")
    page.evaluate(AXE.read_text(encoding="utf-8"))
    report = page.evaluate("axe.run(document, { resultTypes: ['violations'] })")
    found = [[one["id"], [node["target"] for node in one["nodes"]][:3]] for one in report["violations"]]
    return {"axe": found, "outline": page.evaluate(NAMED), "wide": page.evaluate(WIDER)}


def test_a_file_is_refused_corrected_taken_and_withdrawn(city, base, enter, tmp_path):
    page = enter(Role.EVALUATOR, "ru")
    bring(page, base, tmp_path, "roads", WRONG, "roads.csv")
    table = page.locator("section", has=page.get_by_role("heading", name="Причины отказа"))
    expect(table.locator("tbody tr")).to_have_count(2)
    expect(table).to_contain_text("Не та единица измерения: здесь нужно км.")
    expect(table).to_contain_text("Эта запись уже есть в файле, строка 2.")
    expect(page.get_by_role("button", name="Принять только верные строки: 1")).to_be_visible()
    page.get_by_role("button", name="Не загружать").focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/imports")
    expect(page.locator("#flash")).to_contain_text("ничего не сохранено")

    bring(page, base, tmp_path, "roads", RIGHT, "roads.csv")
    expect(page.get_by_text("Все строки верны.")).to_be_visible()
    page.get_by_role("button", name="Принять строк: 3").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#flash")).to_contain_text("Файл принят.")
    page.get_by_role("link", name="Реестр").click()
    expect(page.locator(".city-map path.road")).to_be_visible()
    expect(page.locator(".score")).to_contain_text("Акимат, письмо 12")

    bring(page, base, tmp_path, "roads", RIGHT, "again.csv")
    expect(page.get_by_text("Этот файл уже был принят")).to_be_visible()
    page.goto(f"{base}/imports")
    page.locator("table tbody a").first.click()
    page.locator("#reason").fill("Не тот реестр")
    page.keyboard.press("Enter")
    expect(page.locator("#flash")).to_contain_text("Загрузка отозвана.")
    expect(page.get_by_text("Не тот реестр")).to_be_visible()
    page.goto(f"{base}/imports/registers/roads")
    expect(page.get_by_text("Этот реестр ещё не загружен.")).to_be_visible()


def test_addresses_of_objects_are_shown_on_request_alone(city, base, enter, tmp_path):
    page = enter(Role.EVALUATOR, "en")
    bring(page, base, tmp_path, "objects", write_xlsx(KINDS["objects"], "en", OBJECTS), "objects.xlsx")
    page.get_by_role("button", name="Take 1 rows").click()
    page.goto(f"{base}/imports/registers/objects")
    assert "Абай, 45" not in page.content()
    page.get_by_role("link", name="Show names and addresses").click()
    expect(page.get_by_role("cell", name="Абай, 45")).to_be_visible()


@pytest.mark.parametrize(("lang", "width"), [("kk", 1440), ("ru", 390), ("en", 390)])
def test_pages_of_imports_fit_and_axe_finds_nothing(city, base, enter, tmp_path, lang, width):
    page = enter(Role.EVALUATOR, lang, (width, 900))
    bring(page, base, tmp_path, "roads", RIGHT, "roads.csv")
    page.locator("form[action$=confirm] button").click()
    page.wait_for_load_state()
    one = page.url
    bring(page, base, tmp_path, "roads", WRONG, "wrong.csv")
    found = {}
    paths = ("/imports", "/imports/kinds", "/imports/registers/roads", "/imports/registers/surveys")
    for path in (page.url, one, *(f"{base}{path}" for path in paths)):
        page.goto(path)
        found[path] = faults(page)
        shots = os.environ.get("QYRAN_SHOTS")
        if shots:
            page.screenshot(path=f"{shots}/{path.rpartition('/')[2][:12]}-{lang}-{width}.png", full_page=True)
    wrong = {path: one for path, one in found.items() if any(one.values())}
    assert wrong == {}, json.dumps(wrong, indent=1, ensure_ascii=False)

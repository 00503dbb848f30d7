"""The register of cameras in a city of many: a page at a time, found by what people call them."""

from __future__ import annotations

import re

import pytest

from service import cameras
from service.web.register_pages import CAMERAS_A_PAGE
from vision.camera import parse_camera

NAMES = {"kk": "Абай даңғылы {n}", "ru": "проспект Абая {n}", "en": "Abay avenue {n}"}


@pytest.fixture
def city(world):
    def register(work):
        for number in range(CAMERAS_A_PAGE + 20):
            name = {lang: text.format(n=number) for lang, text in NAMES.items()}
            if number == 7:
                name = {"kk": "Өтеген батыр", "ru": "Утеген батыра", "en": "Otegen Batyr"}
            camera = parse_camera(
                {"id": f"street-{number:03d}", "name": name, "stream": "rtsp://10.0.0.1/"}, source="t"
            )
            cameras.register(work, camera, territory="almaly" if number % 2 else "medeu")

    world.do(world.person("administrator"), register)
    return world


def shown(page) -> list[str]:
    return re.findall(r'<span class="sub mono">(street-\d+)</span>', page.text)


def test_a_page_shows_a_hundred_and_leads_on_with_the_filters(city, visitors):
    keeper = visitors("administrator")
    first = keeper.get("/cameras?find=street&state=unknown")
    assert (len(shown(first)), shown(first)[0]) == (CAMERAS_A_PAGE, "street-000")
    (on,) = re.findall(r'href="(/cameras\?[^"]+)"', first.text)
    second = keeper.get(on.replace("&amp;", "&"))
    assert (len(shown(second)), shown(second)[-1]) == (20, "street-119")
    assert "Found: 120" in second.text


@pytest.mark.parametrize(
    ("find", "found"),
    [("ӨТЕГЕН", ["street-007"]), ("утеген", ["street-007"]), ("otegen batyr", ["street-007"]),
     ("street-119", ["street-119"]), ("medeu street-11", [f"street-{n}" for n in range(110, 120, 2)]),
     ("nowhere", []), ("%", []), ("_", [])],
)  # fmt: skip
def test_a_camera_is_found_by_its_names_its_id_and_its_district(city, visitors, find, found):
    page = visitors("administrator").get("/cameras", params={"find": find})
    assert shown(page) == found
    assert ("No camera fits." in page.text) is (not found)


def test_a_state_shows_its_cameras_and_an_unknown_one_shows_all(city, visitors):
    keeper = visitors("administrator")
    assert shown(keeper.get("/cameras?state=down")) == []
    assert len(shown(keeper.get("/cameras?state=nonsense&page=2"))) > 0
    assert shown(keeper.get("/cameras?page=9000")) == []
    assert keeper.get("/cameras?page=0").status_code == 422

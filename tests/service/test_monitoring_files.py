"""Rules and dashboard name figures that exist, and each alert has its section in both runbooks."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from service.metrics import camera_figures, collected, exposition, instruments, place_figures, store_figures
from service.settings import load_settings
from service.store.database import open_store
from service.worker_status import WorkerStatus, now, say

DEPLOY = Path(__file__).parents[2] / "deploy"
DOCS = DEPLOY.parent / "docs"
RULES = [one for group in yaml.safe_load((DEPLOY / "prometheus" / "alerts.yaml").read_text())["groups"]
         for one in group["rules"]]  # fmt: skip
BOARD = json.loads((DEPLOY / "grafana" / "qyran.json").read_text())
NAME = re.compile(r"\b(?:qyran|process)_[a-z0-9_]+")
BY_LANGUAGE = {"ru": ("Что это значит", "Куда смотреть", "Что делать", "Когда закончилось"),
               "kk": ("Бұл нені білдіреді", "Қайда қарау керек", "Не істеу керек", "Қашан аяқталады")}  # fmt: skip


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    """Names of everything a service and a worker tell, the parts of histograms and the ends of counters included."""
    settings = load_settings(home=tmp_path_factory.mktemp("told"))
    say(settings.home, WorkerStatus(camera="a", at=now(), process=1, since=now(), state="up", latency_p95_s=0.1))
    store = open_store(settings)
    parts = store_figures.looks_of(store) | place_figures.looks_of(settings) | camera_figures.each_of(settings.home)
    page = exposition.page(collected.Looking(parts)).decode()
    store.close()
    names = set()
    for family in text_string_to_metric_families(page):
        names |= {family.name, *(one.name for one in family.samples)}
        ends = {"histogram": ("_bucket", "_count", "_sum"), "counter": ("_total",)}.get(family.type, ())
        names |= {family.name + end for end in ends}
    return names


def expressions():
    for panel in BOARD["panels"]:
        yield from ((panel["title"], one["expr"]) for one in panel.get("targets", ()))
    yield from ((rule["alert"], rule["expr"]) for rule in RULES)


def test_every_figure_that_a_rule_or_a_panel_names_exists(told):
    missing = {(place, name) for place, said in expressions() for name in NAME.findall(said) if name not in told}
    assert missing == set()


def test_every_part_of_the_process_registry_has_words_and_a_name_of_ours():
    for family in instruments.PROCESS.collect():
        assert family.documentation
        assert family.name.startswith(("qyran_", "process_"))


def test_no_label_takes_the_place_of_one_that_prometheus_gives():
    for family in instruments.PROCESS.collect():
        for sample in family.samples:
            assert not {"job", "instance"} & set(sample.labels)


def test_the_board_has_each_panel_once_and_none_over_another():
    assert len({panel["id"] for panel in BOARD["panels"]}) == len(BOARD["panels"])
    seen = set()
    for panel in BOARD["panels"]:
        place = panel["gridPos"]
        assert place["x"] + place["w"] <= 24
        cells = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert not cells & seen, panel["title"]
        seen |= cells


def section(lang, name):
    page = (DOCS / f"runbook.{lang}.md").read_text(encoding="utf-8")
    found = re.search(rf"^### {name}\n(?P<body>.*?)(?=^##|\Z)", page, re.MULTILINE | re.DOTALL)
    return found["body"] if found else ""


@pytest.mark.parametrize("lang", BY_LANGUAGE)
@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule["alert"])
def test_each_alert_has_a_section_that_says_what_to_do(rule, lang):
    key = "runbook_url" if lang == "ru" else "runbook_kk"
    assert rule["annotations"][key] == f"docs/runbook.{lang}.md#{rule['alert'].lower()}"
    body = section(lang, rule["alert"])
    assert [word for word in BY_LANGUAGE[lang] if f"**{word}.**" not in body] == []


@pytest.mark.parametrize("lang", BY_LANGUAGE)
def test_no_section_is_of_an_alert_that_is_gone(lang):
    page = (DOCS / f"runbook.{lang}.md").read_text(encoding="utf-8")
    assert set(re.findall(r"^### (Qyran\w+)$", page, re.MULTILINE)) == {rule["alert"] for rule in RULES}


def test_prometheus_takes_the_rules():
    if shutil.which("promtool") is None:
        pytest.skip("promtool is not installed (Debian: prometheus)")
    words = ["promtool", "check", "rules", DEPLOY / "prometheus" / "alerts.yaml"]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr

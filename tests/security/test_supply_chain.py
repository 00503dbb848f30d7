"""The list of parts and the audit of what is locked."""

from __future__ import annotations

import json
import re
import tomllib
from datetime import date
from pathlib import Path

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from service import supply_chain
from service.supply_chain import (
    ANSWERS,
    CLEAN,
    FOUND,
    ROOT,
    UNASKED,
    Finding,
    read_npm_audit,
    read_pip_audit,
    unanswered,
)

TODAY = date(2026, 11, 23)
FINDING = Finding("CVE-1", "left-pad", "1.0")


@pytest.fixture(scope="module")
def parts(tmp_path_factory):
    path = tmp_path_factory.mktemp("sbom") / "sbom.json"
    assert supply_chain.main(["sbom", str(path)]) == CLEAN
    return path.read_text()


def test_the_list_of_parts_is_cyclonedx(parts):
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(parts) is None


def test_the_list_names_every_locked_package_browser_file_and_network(parts):
    found = {(one["name"].lower(), one.get("version")) for one in json.loads(parts)["components"]}
    locked = re.findall(r"^([A-Za-z0-9_.-]+)==(\S+)", (ROOT / "requirements.lock").read_text(), re.MULTILINE)
    assert {(name.lower(), version) for name, version in locked} <= found
    assert {"htmx.org", "maplibre-gl"} <= {name for name, _ in found}
    networks = {path.stem.lower() for path in (ROOT / "models").rglob("*.onnx")}
    assert networks <= {name for name, _ in found}


def test_every_locked_package_is_held_by_its_hash():
    for lock in supply_chain.LOCKS:
        text = (ROOT / lock).read_text()
        blocks = re.split(r"^(?=[A-Za-z0-9_.-]+==)", text, flags=re.MULTILINE)[1:]
        assert [block.split()[0] for block in blocks if "--hash=sha256:" not in block] == []


def test_what_services_say_is_read():
    said = {
        "dependencies": [
            {"name": "left-pad", "version": "1.0", "vulns": [{"id": "CVE-1"}]},
            {"name": "right-pad", "version": "2.0", "vulns": []},
            {"name": "odd-pad", "skip_reason": "not found"},
        ]
    }
    assert read_pip_audit(json.dumps(said)) == supply_chain.Asked((FINDING,), ("odd-pad",))
    via = [{"url": "https://github.com/advisories/GHSA-1", "source": 7}, "other"]
    npm = {"vulnerabilities": {"htmx.org": {"via": via, "range": "<4"}}}
    assert read_npm_audit(json.dumps(npm)).findings == (Finding("GHSA-1", "htmx.org", "<4"),)
    assert read_npm_audit('{"error": {}}').unknown


@pytest.mark.parametrize(("until", "left"), [("2027-01-01", 0), ("2026-11-23", 0), ("2026-11-22", 1), (None, 1)])
def test_an_answer_holds_until_its_day(tmp_path, until, left):
    answers = tmp_path / "answers.toml"
    said = f'[[answer]]\nid = "CVE-1"\npackage = "left-pad"\nuntil = {until}\nwhy = "x"\n' if until else ""
    answers.write_text(said)
    assert len(unanswered((FINDING,), TODAY, answers)) == left


@pytest.mark.parametrize(
    ("pip", "npm", "status"),
    [
        ('{"dependencies": []}', '{"vulnerabilities": {}}', CLEAN),
        ('{"dependencies": []}', '{"error": {}}', UNASKED),
        (
            '{"dependencies": [{"name": "left-pad", "version": "1.0", "vulns": [{"id": "CVE-1"}]}]}',
            '{"error": {}}', FOUND,
        ),
    ],
)  # fmt: skip
def test_a_finding_fails_and_silence_is_not_taken_for_peace(monkeypatch, capsys, pip, npm, status):
    monkeypatch.setattr(supply_chain, "_pip_audit", lambda _: pip)
    monkeypatch.setattr(supply_chain, "_npm_audit", lambda: npm)
    assert supply_chain.main(["audit"]) == status
    assert capsys.readouterr().out


def test_every_answer_says_why_and_until_when():
    for one in tomllib.loads(ANSWERS.read_text(encoding="utf-8"))["answer"]:
        assert len(one["why"]) > 5
        assert one["until"] > TODAY
        assert one["id"] in (ROOT / "docs" / "audit.md").read_text(encoding="utf-8")


def test_opencv_opens_no_video():
    rooms = ("vision", "service", "evidence", "violations", "incidents", "fire_alerts")
    users = [path for room in rooms for path in (ROOT / room).rglob("*.py") if "VideoCapture(" in path.read_text()]
    assert [str(Path(one).relative_to(ROOT)) for one in users if "bench" not in str(one)] == []

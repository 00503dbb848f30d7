"""What an attacker sends or leaves lying about: paths, addresses, files, names, texts that seem what they are not."""

from __future__ import annotations

import ast
import io
import logging
import re
import re._constants as sre
import re._parser as parser
import socket
import zipfile
from pathlib import Path

import cv2
import numpy as np
import pytest

from evidence.record_package import MOST_PIXELS, jpeg_size, picture_size
from incidents.cap.xml import from_xml
from qyran.addresses import ForbiddenAddress, is_forbidden, resolve
from qyran.errors import InputError
from qyran.roles import SYSTEM, Role
from service import auth
from service.ports.channels import ChannelDown, Refused
from service.ports.http import Peer
from service.ports.smtp import Mailer
from service.web.visit import own_path
from vision.live_connect import LiveFault, connect
from vision.stream_settings import StreamSettings

ROOT = Path(__file__).parents[2]
CLIMBS = (
    "..%2F..%2F..%2Fetc%2Fpasswd", "%2e%2e%2f%2e%2e%2fqyran.db", "..%5c..%5cqyran.db", "%2Fetc%2Fpasswd",
    "....%2F%2Fqyran.db", "manifest.json%00.jpg", "..%252f..%252fqyran.db", "%c0%ae%c0%ae%c0%afqyran.db",
    "personal.key", "~%2F.ssh%2Fid_rsa", "CON", "a" * 300,
)  # fmt: skip
ANY = ".".join("0000")
FILES = (
    ("auditor", "/cases/{case_id}/evidence/{case_id}/{climb}"),
    ("auditor", "/api/v1/cases/{case_id}/evidence/{case_id}/{climb}"),
    ("auditor", "/api/v1/cases/{case_id}/evidence/{climb}/manifest.json"),
    ("auditor", "/alarms/{alert_id}/evidence/{alert_id}/{climb}"),
    ("auditor", "/api/v1/cases/{case_id}/masked/{climb}"),
    ("police_officer", "/passages/{case_id}/stills/{climb}"),
    ("police_officer", "/watch/hits/{case_id}/stills/{climb}"),
    ("senior_officer", "/deliveries/post/1/{climb}"),
    ("auditor", "/api/v1/video/abay-12/segments/{climb}"),
    ("auditor", "/api/v1/video/abay-12/thumbs/{climb}"),
    ("auditor", "/api/v1/video/{climb}/day"),
    ("camera_operator", "/api/v1/cameras/{climb}/still"),
    ("auditor", "/api/v1/objects/{climb}/plan"),
    ("evaluator", "/api/v1/imports/{climb}/file"),
    ("evaluator", "/api/v1/imports/kinds/{climb}/template/csv"),
    ("evaluator", "/kpi/report/{climb}"),
    ("auditor", "/privacy/breaches/{case_id}/notice.{climb}.pdf"),
    (None, "/static/{climb}"),
    (None, "/check/media/{case_id}/{climb}"),
    ("situational_operator", "/map/tiles/1/1/{climb}"),
)
INSIDE = (b"SQLite format 3", b"root:x:", b"BEGIN PRIVATE", b"[project]")


@pytest.fixture(scope="module")
def people(town, asker):
    return {role: asker.log_in(town, role) for role in {role for role, _ in FILES} - {None}}


@pytest.mark.parametrize(("role", "path"), FILES)
def test_no_path_leads_out_of_its_folder(asker, people, records, role, path):
    for climb in CLIMBS:
        answer = asker.ask("GET", path.format(climb=climb, **records), by=people.get(role))
        assert answer.status_code in {303, 400, 401, 403, 404, 405, 409, 422}, (climb, answer.status_code)
        assert not any(one in answer.content for one in INSIDE)


@pytest.mark.parametrize(
    ("address", "refused"),
    [
        ("169.254.169.254", True), ("169.254.0.1", True), ("::ffff:169.254.169.254", True), ("fe80::1%eth0", True),
        ("64:ff9b::a9fe:a9fe", True), ("2002:a9fe:a9fe::1", True), ("fd00:ec2::254", True), ("100.100.100.200", True),
        ("192.0.0.192", True), (ANY, True), ("0.1.2.3", True), ("::", True), ("255.255.255.255", True),
        ("224.0.0.1", True), ("ff02::1", True),
        ("10.1.2.3", False), ("192.168.1.64", False), ("172.16.0.9", False), ("127.0.0.1", False), ("::1", False),
        ("91.185.1.1", False), ("fd12::7", False), ("2a00:1450::1", False),
    ],
)  # fmt: skip
def test_cameras_live_in_private_ranges_and_nobody_in_those_of_metadata(address, refused):
    assert is_forbidden(address) is refused


@pytest.mark.parametrize("host", ["169.254.169.254", "2852039166", "0xa9fea9fe", "0251.0376.0251.0376", "169.16689662"])
def test_an_address_written_otherwise_is_the_same_address(host):
    with pytest.raises(ForbiddenAddress):
        resolve(host, 80)


def told_by(monkeypatch, *answers: str) -> list[str]:
    """A name server that gives another answer each time; what was asked for."""
    asked: list[str] = []

    def getaddrinfo(host, port, *_, **__):
        asked.append(host)
        address = answers[min(len(asked), len(answers)) - 1] if not re.fullmatch(r"[\d.]+", host) else host
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))]

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    return asked


def test_a_stream_is_opened_at_the_address_that_was_judged_and_no_other(monkeypatch):
    opened = []
    told_by(monkeypatch, "10.0.0.9", "169.254.169.254")
    monkeypatch.setattr(
        "vision.live_connect.av.open", lambda url, *_, **__: opened.append(url) or (_ for _ in ()).throw(ValueError)
    )
    monkeypatch.setattr("vision.live_connect._probe", lambda *_: "broken")
    with pytest.raises(LiveFault):
        connect("rtsp://camera.example:8554/1", None, StreamSettings())
    assert opened == ["rtsp://10.0.0.9:8554/1"]


@pytest.mark.parametrize(
    "url", ["rtsp://169.254.169.254/latest", "rtsp://metadata.example/1", "rtsps://metadata.example/1"]
)
def test_no_stream_leads_to_what_gives_out_credentials(monkeypatch, url):
    told_by(monkeypatch, "169.254.169.254")
    monkeypatch.setattr("vision.live_connect.av.open", lambda *_, **__: pytest.fail("it was opened"))
    with pytest.raises(LiveFault, match="is not opened"):
        connect(url, None, StreamSettings())


@pytest.mark.parametrize("url", ["http://169.254.169.254", "http://metadata.example", "http://[fe80::1]"])
def test_no_receiver_is_asked_at_an_address_of_metadata(monkeypatch, url):
    if "example" in url:
        told_by(monkeypatch, "169.254.169.254")
    with pytest.raises(ChannelDown) as caught:
        Peer(url, "token").ask("POST", "/", {"a": 1})
    assert caught.value.code == "forbidden_address"


@pytest.mark.parametrize(
    "way",
    [
        "//evil.example", "/\\evil.example", "https://evil.example", "javascript:alert(1)", "\\\\evil.example", "evil",
        "/a\nb", "/\tb", "/" + "a" * 600, "%2f%2fevil.example", "/\u202eevil",
    ],
)  # fmt: skip
def test_a_login_leads_on_to_this_host_only(way):
    assert own_path(way) == "/"


@pytest.mark.parametrize("way", ["//evil.example", "/\\evil.example", "https://evil.example", "/%0d%0aset-cookie:a=b"])
def test_the_login_page_hands_no_foreign_way_on(asker, way):
    answer = asker.ask("GET", f"/login?next={way}")
    assert answer.status_code == 200
    assert re.search(r'name="next" value="([^"]*)"', answer.text)[1] == "/"
    assert "set-cookie:a" not in str(answer.headers)


BOMB = b"<!DOCTYPE a [<!ENTITY b 'boom'><!ENTITY c '&b;&b;&b;'>]>"
OUTSIDE = b"<!DOCTYPE a [<!ENTITY b SYSTEM 'file:///etc/passwd'>]>"


@pytest.mark.parametrize(
    "head", [BOMB, OUTSIDE, b"<!DOCTYPE a SYSTEM 'http://169.254.169.254/'>", b"<?xml version='1.0' encoding='utf-7'?>"]
)
def test_no_message_brings_entities_or_fetches_anything(head):
    body = b'<alert xmlns="urn:oasis:names:tc:emergency:cap:1.2"><identifier>&c;</identifier></alert>'
    with pytest.raises(InputError):
        from_xml(head + body)


def book(**parts: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in {"[Content_Types].xml": b"<a/>", "xl/workbook.xml": b"<a/>", **parts}.items():
            archive.writestr(name, data)
    return out.getvalue()


@pytest.mark.parametrize(
    "data",
    [
        book(**{"xl/worksheets/sheet1.xml": b"0" * (64 << 20)}), book(**{"xl/sharedStrings.xml": BOMB + b"<a>&c;</a>"}),
        book(**{"xl/sharedStrings.xml": OUTSIDE + b"<a>&b;</a>"}), book(**{"xl/vbaProject.bin": b"x"}),
        book(**{f"xl/{number}.xml": b"" for number in range(1200)}), book(**{"../../evil.toml": b"x"}),
    ],
    ids=["zip bomb", "entities", "outside", "macros", "parts", "climbs"],
)  # fmt: skip
def test_a_workbook_that_means_harm_is_refused_and_leaves_nothing(asker, town, data):
    evaluator = asker.log_in(town, "evaluator")
    before = {path for path in town.settings.home.rglob("*") if path.is_file()}
    answer = asker.ask(
        "POST", "/api/v1/imports/fire_calls?file_name=..%2F..%2Fa.xlsx", by=evaluator, content=data,
        headers={"content-type": "application/octet-stream"},
    )  # fmt: skip
    assert answer.status_code in {404, 422}, answer.text
    after = {path for path in town.settings.home.rglob("*") if path.is_file()}
    assert not {path.name for path in after - before} & {"a.xlsx", "evil.toml"}


def test_a_picture_that_claims_to_be_huge_is_judged_by_its_head():
    good = cv2.imencode(".jpg", np.zeros((48, 64, 3), np.uint8))[1].tobytes()
    assert jpeg_size(good) == picture_size(good) == (64, 48)
    start = good.index(b"\xff\xc0")
    huge = good[: start + 5] + (65500).to_bytes(2, "big") + (65500).to_bytes(2, "big") + good[start + 9 :]
    assert jpeg_size(huge) == (65500, 65500)
    with pytest.raises(InputError, match=f"{MOST_PIXELS // 10**6} million"):
        picture_size(huge)
    for cut in range(len(good) - 1):
        assert jpeg_size(good[:cut]) in {None, (64, 48)}


@pytest.mark.parametrize(
    "username", ["аdministrator", "admin\u200bistrator", "ADMIN ", "admin\n", "ａdmin", "админ", "a/../b", ""]
)
def test_no_user_name_looks_like_another(town, username):
    with pytest.raises(InputError, match="user name"):
        town.do(SYSTEM, auth.add_user, username, "orange tulips over Medeu", [Role.AUDITOR])


@pytest.mark.parametrize("name", ["Омарова\u202eА.", "А\u200bБ", "А\nБ", "А\x1b[2J", "З\u0335\u0335\u0335"])
def test_no_name_of_a_person_hides_or_turns_the_line_round(town, name):
    with pytest.raises(InputError, match="invisible"):
        town.do(SYSTEM, auth.add_user, "someone", "orange tulips over Medeu", [Role.AUDITOR], name=name)


def test_names_as_people_here_write_them_are_names(town):
    for number, name in enumerate(("Әлия Нұрғалиқызы", "Ержан Өтегенұлы", "Щербак-Йованович Ю. Ё.", "O’Neill")):
        town.do(SYSTEM, auth.add_user, f"named-{number}", "orange tulips over Medeu", [Role.AUDITOR], name=name)


INJECTED = (
    "' OR 1=1 --",
    '"; DROP TABLE app_user; --',
    "%",
    "_",
    "1) UNION SELECT 1",
    "\x00",
    "{{31337*31337}}",
    "${31337*31337}",
    "<script>alert(1)</script>",
)


@pytest.mark.parametrize("text", INJECTED)
def test_no_query_becomes_sql_or_script(asker, people, text):
    for path in ("/api/v1/cases", "/api/v1/alerts", "/cases", "/alarms", "/access", "/cameras", "/watch", "/journal"):
        params = dict.fromkeys(("kind", "camera", "state", "sort", "order", "record", "actor", "page", "q"), text)
        for by in (people["auditor"],):
            answer = asker.ask("GET", path, by=by, params=params)
            assert answer.status_code in {200, 400, 404, 422}, (path, answer.status_code)
            if "html" in answer.headers["content-type"]:
                assert "<script>alert" not in answer.text
                assert "982007569" not in answer.text


def test_nothing_that_was_typed_breaks_a_line_of_the_log(asker, town, caplog):
    with caplog.at_level(logging.DEBUG):
        asker.ask("POST", "/api/v1/session", json={"username": "a\n2026 CRITICAL forged", "password": "x" * 20})
        asker.ask("GET", "/no/such%0aCRITICAL%20forged")
        asker.ask("GET", "/api/v1/cases", headers={"user-agent": "x\tforged", "x-request-id": "a b c forged"})
    assert not any("\nCRITICAL forged" in one.getMessage() or "\n2026" in one.getMessage() for one in caplog.records)


@pytest.mark.parametrize(
    "to", ["a@example.kz\nBcc: b@example.kz", "a@example.kz\r\nSubject: x", "a@example.kz, b@example.kz"]
)
def test_no_address_adds_a_header_to_a_letter(to):
    mail = Mailer(host="127.0.0.1", port=9, sender="qyran@example.kz", user=None, password=None)
    with pytest.raises(Refused, match="address_malformed"):
        mail.notify(to, "subject", "text", "a.txt", b"")


DELIMITED = {r"(?!.*\.\.)[A-Za-z0-9_][A-Za-z0-9._-]*(/[A-Za-z0-9_][A-Za-z0-9._-]*)*"}
"""Each repetition begins with a sign that nothing else in the pattern can hold: there is one way to read a text."""


def patterns() -> list[str]:
    """Every pattern written out in our code."""
    found = set()
    for room in ("qyran", "vision", "evidence", "violations", "incidents", "fire_alerts", "kpi_catalog", "service"):
        for path in (ROOT / room).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Call) and ast.unparse(node.func).startswith("re.") and node.args:
                    said = node.args[0]
                    if isinstance(said, ast.Constant) and isinstance(said.value, str | bytes):
                        found.add(said.value if isinstance(said.value, str) else said.value.decode("latin-1"))
    return sorted(found)


def test_no_pattern_of_ours_repeats_what_repeats():
    """Nested repetition without end is what makes a pattern take longer than its text is long."""

    def unbounded(tree) -> bool:
        return any(
            (op in {sre.MAX_REPEAT, sre.MIN_REPEAT} and arg[1] is sre.MAXREPEAT) or any(map(unbounded, inner(op, arg)))
            for op, arg in tree
        )

    def inner(op, arg):
        if op in {sre.MAX_REPEAT, sre.MIN_REPEAT}:
            return [arg[2]]
        if op is sre.SUBPATTERN:
            return [arg[3]]
        return list(arg[1]) if op is sre.BRANCH else [arg[1]] if op in {sre.ASSERT, sre.ASSERT_NOT} else []

    def nested(tree) -> bool:
        return any(
            (op in {sre.MAX_REPEAT, sre.MIN_REPEAT} and arg[1] is sre.MAXREPEAT and unbounded(arg[2]))
            or any(map(nested, inner(op, arg)))
            for op, arg in tree
        )

    found = patterns()
    assert len(found) > 30
    assert nested(parser.parse(r"(a+)+b"))
    assert [one for one in found if nested(parser.parse(one)) and one not in DELIMITED] == []

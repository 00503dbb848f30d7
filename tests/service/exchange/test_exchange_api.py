"""The exchange over HTTP: tokens that reach so far and no farther, answers that a plain client can go on from."""

from __future__ import annotations

import asyncio
import csv
import gzip
import hashlib
import io
import json
from datetime import date

import httpx
import pytest
from openpyxl import load_workbook

from qyran.errors import AccessError, InputError
from qyran.roles import SYSTEM, Role
from service.app import create_app
from service.exchange import dictionary, feed, manifests, readers, shapes
from service.exchange.publisher import publish
from service.exchange.questions.register import QUESTIONS
from service.exchange.readers import make_reader, revoke_reader
from service.exchange.table import columns, to_csv
from service.i18n import LANGUAGES, texts
from service.rates import Rate, Rates, TooOften
from service.settings import load_settings
from tests.service.exchange.facts import an_alert
from tests.service.web.conftest import BASE, Visitor
from tests.service.world import World

ROOT = "/api/v1/exchange"
DAY = "2026-11-22"


class Centre:
    """A machine of the centre."""

    def __init__(self, world: World, *scopes: str) -> None:
        self.world, self.app = world, create_app(store=world.store, jobs=False)
        with world.store.read() as work:
            number = len(readers.readers(work))
        self.token = world.do(SYSTEM, make_reader, f"centre-{number}", scopes or ["feed"])

    def __call__(self, path: str, *, method: str = "GET", headers: dict | None = None, **named):
        async def ask():
            door = httpx.ASGITransport(app=self.app, raise_app_exceptions=False)
            given = {"authorization": f"Bearer {self.token}", **(headers or {})}
            async with httpx.AsyncClient(transport=door, base_url=BASE, headers=given) as client:
                return await client.request(method, path, **named)

        return asyncio.run(ask())


@pytest.fixture(scope="module")
def city(tmp_path_factory):
    with World(load_settings(home=tmp_path_factory.mktemp("exchange"), public_url=BASE)) as world:
        with world.store.write() as work:
            for _ in range(5):
                an_alert(work)
        publish(world.store)
        world.clock.forward(days=1)
        publish(world.store)
        world.clock.forward(days=1)
        manifests.sign_days(world.store, date(2026, 11, 23))
        yield world


@pytest.fixture(scope="module")
def centre(city):
    return Centre(city, "feed")


def test_a_reader_goes_on_with_the_cursor_and_the_link_of_an_answer(centre, city):
    lines, path = [], f"{ROOT}/feed?limit=3"
    while True:
        answer = centre(path)
        lines += answer.text.splitlines()
        assert answer.headers["content-type"] == "application/x-ndjson"
        path = answer.headers["link"].partition(">")[0].lstrip("<")
        assert f"cursor={answer.headers['qyran-cursor']}" in path
        if answer.headers["qyran-more"] == "false":
            break
    with city.store.read() as work:
        assert tuple(lines) == feed.page(work, limit=feed.MOST).lines
        (reader,) = [one for one in readers.readers(work) if one.name == "centre-0"]
        assert reader.last_seq == len(lines)
        assert reader.last_read_at is not None


def test_an_answer_that_is_known_is_not_sent_again(centre):
    first = centre(f"{ROOT}/feed")
    again = centre(f"{ROOT}/feed", headers={"if-none-match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["qyran-cursor"] == first.headers["qyran-cursor"]


def test_an_answer_is_compressed_where_the_reader_takes_that(centre):
    plain = centre(f"{ROOT}/feed", headers={"accept-encoding": "identity"})
    squeezed = centre(f"{ROOT}/feed", headers={"accept-encoding": "gzip"})
    assert "content-encoding" not in plain.headers
    assert squeezed.headers["content-encoding"] == "gzip"
    assert squeezed.text == plain.text
    assert len(gzip.compress(plain.content)) < len(plain.content) / 2


@pytest.mark.parametrize("kind", [None, *shapes.Kind])
def test_csv_says_what_the_records_say(centre, kind):
    asked = {} if kind is None else {"kind": kind.value}
    records = [json.loads(line) for line in centre(f"{ROOT}/feed", params=asked).text.splitlines()]
    rows = list(csv.DictReader(io.StringIO(centre(f"{ROOT}/feed.csv", params=asked).text)))
    assert [row["id"] for row in rows] == [one["id"] for one in records]
    assert tuple(csv.DictReader(io.StringIO(to_csv([], kind))).fieldnames) == columns(kind)
    for row, record in zip(rows, records, strict=True):
        assert row["published_at"] == record["published_at"]
        if kind is None:
            assert json.loads(row["data"]) == record["data"]
        elif kind is shapes.Kind.ALERT:
            assert row["data.state"] == record["data"]["state"]
            assert row["data.drill"] == "false"


def test_no_cell_is_a_formula():
    line = json.dumps(dict.fromkeys(columns(None)) | {"city": "=1+1", "kind": "x", "data": None})
    assert "'=1+1" in to_csv([line])


@pytest.mark.parametrize(
    ("path", "status", "kind"),
    [
        ("/feed?cursor=nonsense", 422, "input"), ("/feed?limit=0", 422, "input"), ("/feed?limit=5001", 422, "input"),
        ("/feed?day=yesterday", 422, "input"), ("/feed?kind=person", 422, "input"),
        ("/feed?cursor=MS45OTkuZmZmZmZmZmY", 410, "cursor-gone"), ("/manifests/2026-12-01", 404, "not-found"),
        ("/manifests/x", 422, "input"),
    ],
)  # fmt: skip
def test_what_cannot_be_answered_is_a_problem(centre, path, status, kind):
    answer = centre(f"{ROOT}{path}")
    assert (answer.status_code, answer.json()["type"]) == (status, f"/problems/{kind}")


def test_the_manifest_is_given_out_as_it_was_signed(centre, city):
    with city.store.read() as work:
        assert centre(f"{ROOT}/manifests/{DAY}").content == manifests.manifest_of(work, date(2026, 11, 22)).to_bytes()
    assert [one["day"] for one in centre(f"{ROOT}/manifests").json()] == ["2026-11-23", DAY]


def test_a_reader_posts_what_it_holds_and_hears_what_differs(centre):
    lines = centre(f"{ROOT}/feed", params={"day": DAY}).text.splitlines()
    held = [{"id": json.loads(line)["id"], "sha256": sha256_of(line)} for line in lines]
    assert (
        centre(f"{ROOT}/reconciliation", method="POST", json={"day": DAY, "records": held}).json()["outcome"] == "equal"
    )
    told = centre(f"{ROOT}/reconciliation", method="POST", json={"day": DAY, "records": held[1:]}).json()
    assert [(one["what"], one["id"], one["replay"]) for one in told["differences"]] == [
        ("missing", held[0]["id"], "start"),
    ]  # fmt: skip
    assert centre(f"{ROOT}/reconciliation", method="POST", json={"day": DAY}).status_code == 422


def sha256_of(line: str) -> str:
    return hashlib.sha256(line.encode()).hexdigest()


@pytest.mark.parametrize("token", [None, "", "wrong", "qyran-exchange-x", "qyran-feed-x"])
def test_without_a_token_of_its_own_nobody_reads(centre, token):
    headers = {"authorization": "" if token is None else f"Bearer {token}"}
    assert centre(f"{ROOT}/feed", headers=headers).status_code == 401


def test_a_token_reaches_as_far_as_it_was_made_for_and_until_it_is_revoked(world):
    feed_only, assistant_only = Centre(world, "feed"), Centre(world, "assistant")
    ask = {"method": "POST", "json": {"question": "open_alerts"}}
    assert feed_only(f"{ROOT}/feed").status_code == 200
    assert feed_only("/api/v1/assistant/ask", **ask).status_code == 401
    assert assistant_only(f"{ROOT}/feed").status_code == 401
    assert assistant_only("/api/v1/assistant/ask", **ask).status_code == 200
    world.do(SYSTEM, revoke_reader, "centre-0")
    assert feed_only(f"{ROOT}/feed").status_code == 401


def test_a_token_opens_nothing_else(centre):
    for path in ("/api/v1/cases", "/api/v1/alerts", "/api/v1/kpi/security", "/api/v1/users", "/exchange"):
        assert centre(path, follow_redirects=False).status_code in {303, 401, 403}, path


def test_only_an_administrator_makes_readers(world):
    for role in (Role.EVALUATOR, Role.AUDITOR, Role.POLICE_OFFICER):
        with pytest.raises(AccessError):
            world.do(world.person(role), make_reader, "x", ["feed"])
    administrator = world.person(Role.ADMINISTRATOR)
    world.do(administrator, make_reader, "x", ["feed"])
    for name, scopes in (("x", ["feed"]), ("a b", ["feed"]), ("y", []), ("y", ["everything"])):
        with pytest.raises(InputError):
            world.do(administrator, make_reader, name, scopes)


def test_who_asks_too_often_waits(world, monkeypatch):
    centre = Centre(world)

    def refuse(_: Rates, who: str, __: Rate) -> None:
        if who.startswith("feed:"):
            raise TooOften(7)

    monkeypatch.setattr(Rates, "ask", refuse)
    answer = centre(f"{ROOT}/feed")
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "7")


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_dictionary_has_every_field_of_the_schema_in_words(lang, city):
    found = dictionary.entries(lang, city.settings)
    schema = shapes.json_schema()["$defs"]
    wanted = {(kind.value, f"data.{name}") for kind, shape in shapes.SHAPES.items() for name in shape.model_fields}
    wanted |= {("record", name) for name in schema["AlertRecord"]["properties"] if name != "data"}
    assert {(one.kind, one.field) for one in found} == wanted
    for one in found:
        said = (
            one.name,
            one.meaning,
            one.type,
            one.source,
            one.owner,
            one.update,
            one.access,
            one.retention,
            one.checks,
        )
        assert all(text.strip() and not text.startswith("exchange.") for text in said), one.field
    codes = {one.field: dict(one.codes) for one in found}
    assert set(codes["data.services"]) == {"101", "102", "103", "112"}
    assert all(codes["op"].values())


def test_no_words_are_left_of_fields_that_are_gone():
    own = {dictionary.words_of(kind, field) for kind, field, _, _ in dictionary._fields()}
    held = {key.rpartition(".")[0] for key in texts("en") if key.startswith("exchange.field.")}
    assert held == own


def test_the_dictionary_comes_as_csv_and_as_a_workbook(centre, city):
    rows = list(csv.reader(io.StringIO(centre(f"{ROOT}/dictionary?format=csv&lang=kk").text)))
    assert rows[0][:3] == ["Жазба", "Өріс", "Атауы"]
    sheet = load_workbook(io.BytesIO(centre(f"{ROOT}/dictionary?format=xlsx&lang=kk").content)).worksheets[0]
    assert [[cell or "" for cell in row] for row in sheet.iter_rows(values_only=True)] == rows
    assert len(rows) == 1 + len(dictionary.entries("kk", city.settings))


def test_every_question_stands_in_the_description_of_the_api(centre):
    schema = centre.app.openapi()
    body = schema["paths"]["/api/v1/assistant/ask"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    assert set(body["discriminator"]["mapping"]) == set(QUESTIONS)
    for name, ref in body["discriminator"]["mapping"].items():
        described = schema["components"]["schemas"][ref.rpartition("/")[2]]["properties"]
        assert set(described) - {"question"} == set(QUESTIONS[name].params.model_fields)


@pytest.mark.parametrize(
    ("role", "sees", "keeps"),
    [("evaluator", True, False), ("administrator", True, True), ("police_officer", False, False)],
)
def test_the_page_is_for_who_watches_over_the_exchange(city, role, sees, keeps):
    visitor = Visitor(city).log_in(role)
    page = visitor.get("/exchange")
    assert page.status_code == (200 if sees else 403)
    if not sees:
        return
    assert ('action="/exchange/readers"' in page.text) is keeps
    assert visitor.get(f"/exchange/days/{DAY}").text.count("As it was signed") == 1
    assert visitor.get("/exchange/days/2020-01-01").status_code == 404
    assert "schema_version" in visitor.get("/exchange/dictionary").text
    assert visitor.get("/exchange/dictionary.csv").headers["content-disposition"].endswith('-en.csv"')


def test_a_token_is_shown_once_on_the_page_and_a_file_is_compared_there(city):
    visitor = Visitor(city).log_in("administrator")
    made = visitor.form("/exchange/readers", name="from-the-page", scope="feed")
    assert "qyran-exchange-" in made.text
    assert "qyran-exchange-" not in visitor.get("/exchange").text
    lines = visitor.get(f"{ROOT}/feed?day={DAY}").text.splitlines()
    sent = {"file": ("day.jsonl", "\n".join(lines[1:]).encode(), "application/x-ndjson")}
    token = visitor.token(f"/exchange/days/{DAY}")
    report = visitor.send("POST", f"/exchange/days/{DAY}", data={"csrf": token}, files=sent)
    assert "missing" in report.text
    assert json.loads(lines[0])["id"] in report.text
    assert visitor.form("/exchange/readers/from-the-page/revoke").status_code == 303
    assert "revoked" in visitor.get("/exchange").text

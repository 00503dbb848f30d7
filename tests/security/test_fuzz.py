"""Every operation of the OpenAPI asked with what it expects and with what it does not, as each role that may pass;
doors of others' machines with a token that they take and without one.

No answer is a failure of the service, each is one the description promises, and each refusal is a problem document.
What is asked follows from the operation's name, so that a run is repeated exactly; `make fuzz` asks longer, by chance.
"""

from __future__ import annotations

import json
import os
import zlib
from urllib.parse import urlsplit

import httpx
import pytest
import requests
import schemathesis
from fastapi import FastAPI
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from schemathesis.checks import CHECKS, load_all_checks
from schemathesis.core.failures import FailureGroup
from schemathesis.generation import GenerationMode

from qyran.roles import SYSTEM
from service.api.problems import MEDIA_TYPE
from service.api.router import router
from service.doors import doors, machines
from service.feeds import FEEDS, make_feed
from service.forwarding import envelope, live_batch
from tests.service.web.conftest import BASE, PERSON

EXAMPLES = int(os.environ.get("QYRAN_FUZZ_EXAMPLES", "4"))
BY_CHANCE = "QYRAN_FUZZ_EXAMPLES" in os.environ
NO_LOGIN, A_MACHINE = "nobody", "a machine"

load_all_checks()
CHECKED = [
    CHECKS.get_one(name)
    for name in (
        "not_a_server_error", "status_code_conformance", "content_type_conformance", "response_schema_conformance",
    )
]  # fmt: skip

ODD = st.one_of(st.none(), st.integers(), st.floats(), st.text(max_size=20), st.booleans(), st.just([]), st.just({}))
FILE = {"name": "clip.mp4", "size": 4, "sha256": "0" * 64, "start": 0}


@st.composite
def deliveries(draw) -> bytes:
    """An event of another machine as it is sent, but for what is odd about it: a field, a file, the line or the end."""
    identity = str(draw(st.uuids()))
    event = {
        "id": identity, "type": "violation", "kind": "red_light", "camera": draw(st.sampled_from(["abay-12", "far"])),
        "time": "2026-11-22T07:00:00Z", "video_s": 7.5, "onset_s": 6.0, "track": 7, "class": "car", "line": "stop-n",
        "score": 0.9, "plate": "123ABC02", "evidence": f"evidence/{identity}", "epoch": draw(st.integers(0, 2)),
    }  # fmt: skip
    file = dict(FILE)
    for part in draw(st.lists(st.sampled_from([event, file]), max_size=2)):
        part[draw(st.sampled_from([*part, "more"]))] = draw(ODD)
    line = json.dumps({"event": event, "files": [file] * draw(st.integers(0, 2))}).encode()
    line = draw(st.sampled_from([line, line, line, line[:-1], b"", b"[]"])) or draw(st.binary(max_size=60))
    return line + draw(st.sampled_from([b"\n", b"\n", b"\r\n", b""])) + draw(st.binary(max_size=12))


@st.composite
def live_messages(draw) -> bytes:
    """Messages of a camera as a machine sends them, of any line and kind, whole or cut."""
    message = st.builds(live_batch.packed, st.integers(0, 2**32 - 1), st.integers(0, 9), st.binary(max_size=40))
    sent = b"".join(draw(st.lists(message, max_size=3)))
    return sent[: draw(st.sampled_from([len(sent), max(0, len(sent) - 1)]))]


schemathesis.openapi.media_type(envelope.MEDIA_TYPE, deliveries())
schemathesis.openapi.media_type(live_batch.MEDIA_TYPE, live_messages())


def operations(app):
    return [found.ok() for found in schemathesis.openapi.from_dict(app.openapi()).get_all_operations()]


def names() -> list[str]:
    """Of all operations, without an installation: the table of doors has every route."""
    bare = FastAPI()
    bare.include_router(router)
    return [f"{method.upper()} {path}" for path, methods in bare.openapi()["paths"].items() for method in methods]


@pytest.fixture(scope="module")
def people(town, asker):
    return {role: asker.log_in(town, role) for role in PERSON}


@pytest.fixture(scope="module")
def token(town):
    """Of a machine that may deliver everything."""
    return town.do(SYSTEM, make_feed, "fuzz", FEEDS)


@pytest.fixture(scope="module")
def by_name(app):
    return {one.label: one for one in operations(app)}


def roles_for(name: str) -> list[str]:
    """Who may pass: others are refused before anything is read (tests/service/test_doors.py)."""
    method, path = name.split()
    if (method, path) in machines():
        return [A_MACHINE, NO_LOGIN]
    door = doors().get((method, path))
    return [NO_LOGIN] if door is None else sorted(role.value for role in door.roles)


@pytest.mark.parametrize("name", names())
def test_no_request_fails_and_every_answer_is_one_that_was_promised(name, town, asker, people, token, by_name, records):
    operation = by_name[name]

    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @seed(int.from_bytes(os.urandom(4), "big") if BY_CHANCE else zlib.crc32(name.encode()))
    @given(
        case=st.one_of(
            operation.as_strategy(generation_mode=GenerationMode.POSITIVE),
            operation.as_strategy(generation_mode=GenerationMode.NEGATIVE),
        ),
        role=st.sampled_from(roles_for(name)),
        real=st.booleans(),
    )
    def ask(case, role, real):
        if real:
            case.path_parameters = {key: records.get(key, value) for key, value in case.path_parameters.items()}
        shown = {"authorization": f"Bearer {token}"} if role == A_MACHINE else {}
        answer = asker.send(request_of(case, people[role].headers if role in people else shown))
        if answer.status_code == 401 and role in people:  # an earlier request has ended the login
            people[role] = asker.log_in(town, role)
            answer = asker.send(request_of(case, people[role].headers))
        judge(case, answer, role)
        if answer.status_code >= 400:
            assert answer.headers["content-type"] == MEDIA_TYPE
            assert answer.json()["status"] == answer.status_code

    ask()


def judge(case, answer, role: str) -> None:
    """Hold an answer to the description, with a failure that can be read."""
    try:
        case.validate_response(answer, checks=CHECKED)
    except FailureGroup as group:
        asked = f"{role}: {case.method} {answer.request.url.raw_path!r} {case.body!r:.300}"
        told = "; ".join(f"{one.title}: {one.message!s:.200}" for one in group.exceptions)
        raise AssertionError(f"{asked} -> {answer.status_code} {answer.text[:300]} :: {told}") from None


def request_of(case, shown: dict[str, str]) -> httpx.Request:
    """The request of a case, with a login's cookie and token or a machine's token."""
    said = case.as_transport_kwargs(base_url=BASE)
    kept = {name: value for name, value in said["headers"].items() if name.lower() not in shown}
    said["headers"] = {**kept, **shown}
    said.pop("cookies", None)
    made = requests.Request(**said).prepare()
    parts = urlsplit(made.url)
    url = httpx.URL(BASE).copy_with(raw_path=f"{parts.path}?{parts.query}".rstrip("?").encode())
    body = made.body.encode() if isinstance(made.body, str) else made.body
    return httpx.Request(made.method, url, headers=dict(made.headers), content=body or b"")

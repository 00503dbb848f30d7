"""The door for events of other machines: what it takes, what it refuses, and that nothing is written elsewhere."""

from __future__ import annotations

import hashlib
import json
import shutil
from http.client import HTTPConnection
from urllib.parse import urlsplit
from uuid import uuid4

import httpx
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from sqlalchemy import select

from qyran.errors import AccessError, InputError
from service.api import worker
from service.app import create_app
from service.cluster.desk import DeskAway
from service.forwarding.arrivals import ARRIVING, sweep
from service.forwarding.client import NotYet
from service.forwarding.envelope import MEDIA_TYPE
from service.forwarding.machine_files import What
from service.ingest import ingest
from service.settings import load_settings
from service.spool import Spool
from service.store.lease_tables import LeaseRefusal
from service.store.tables import Evidence, Passage
from tests.service.forwarding.machines import beaten, client_of, token_of, word
from tests.service.server import serving
from tests.service.world import World

EVENTS = "/api/v1/worker/events"
EAST, WEST = (str(uuid4()) for _ in range(2))


@pytest.fixture(scope="module")
def service(tmp_path_factory):
    """One service, two machines; east holds the camera under epoch 1."""
    home = tmp_path_factory.mktemp("service")
    with World(load_settings(home=home / "home", second_look_share=0, sample_auto_rejected=0)) as world:
        tokens = {name: token_of(world, name) for name in ("east", "west")}
        with serving(create_app(store=world.store, jobs=False)) as url:
            clients = {name: client_of(token, home / name, url) for name, token in tokens.items()}
            beaten(clients["east"], word({"abay-12": None}, session=EAST, at=world.clock.now))
            yield world, url, clients, tokens
            for client in clients.values():
                client.close()


@pytest.fixture
def knock(service):
    """Send bytes to the door as a machine; the answer."""
    _, url, _, tokens = service
    with httpx.Client(base_url=url, timeout=20) as client:

        def send(body, machine="east", **headers):
            headers = {"content-type": MEDIA_TYPE, "authorization": f"Bearer {tokens[machine]}", **headers}
            return client.post(EVENTS, content=body, headers=headers)

        yield send


def an_event(world, **changes):
    identity = uuid4()
    return world.event(**{"id": identity, "evidence": f"evidence/{identity}", "epoch": 1, **changes})


def a_passage(world, **changes):
    return an_event(world, type="passage", evidence=None, kind="control", direction="forward", **changes)


def files_under(folder):
    return {path for path in folder.rglob("*") if path.is_file()}


def test_an_event_with_its_evidence_arrives_whole_and_is_ingested(service):
    world, _, clients, _ = service
    event = an_event(world)
    package = world.package(event)
    clients["east"].deliver(event, package)
    assert ingest(world.spool, world.store).stored == 1
    with world.store.read() as work:
        assert work.session.get_one(Evidence, str(event.id)).intact
    assert not list((world.settings.spool_folder / ARRIVING).glob("*/*"))


def test_what_was_delivered_is_taken_again_and_changes_nothing(service):
    world, _, clients, _ = service
    event = an_event(world)
    package = world.package(event)
    clients["east"].deliver(event, package)
    clients["east"].deliver(event, package)
    assert ingest(world.spool, world.store).stored == 1
    clients["east"].deliver(event, package)
    assert ingest(world.spool, world.store).stored == 0


def silent(url, token, start, length):
    """Send the start of a body of some length and nothing more, with the line left open; the status."""
    line = HTTPConnection(urlsplit(url).netloc, timeout=20)
    try:
        line.putrequest("POST", EVENTS)
        for name, value in (
            ("content-type", MEDIA_TYPE),
            ("authorization", f"Bearer {token}"),
            ("content-length", length),
        ):
            line.putheader(name, str(value))
        line.endheaders()
        line.send(start)
        return line.getresponse().status
    finally:
        line.close()


@pytest.mark.parametrize("breaks", ["it ends", "nothing comes any more"])
def test_a_line_that_broke_is_gone_on_with_where_it_broke(service, knock, monkeypatch, breaks):
    world, url, clients, tokens = service
    monkeypatch.setattr(worker, "SILENT_S", 0.2)
    event = an_event(world)
    package = world.package(event)
    name, data = "clip.mp4", (package / "clip.mp4").read_bytes()
    files = [
        {"name": path.name, "size": path.stat().st_size, "sha256": hashlib.sha256(path.read_bytes()).hexdigest()}
        for path in sorted(package.iterdir())
    ]
    assert files[0]["name"] == name
    half = data[: len(data) // 2]
    start = json.dumps({"event": json.loads(event.to_line()), "files": files}).encode() + b"\n" + half
    if breaks == "it ends":
        assert knock(start).status_code == 408
    else:
        whole = len(start) - len(half) + sum(one["size"] for one in files)
        assert silent(url, tokens["east"], start, whole) == 408
    held = clients["east"]._ask("GET", f"/events/{event.id}").json()
    assert held == {"standing": "partial", "held": {name: len(half), **{one["name"]: 0 for one in files[1:]}}}
    clients["east"].deliver(event, package)
    ingest(world.spool, world.store)
    with world.store.read() as work:
        assert work.session.get_one(Evidence, str(event.id)).intact


def test_what_does_not_fit_together_is_refused_before_it_leaves(service):
    world, _, clients, _ = service
    event = an_event(world)
    package = world.package(event)
    with pytest.raises(InputError, match="evidence is not named by the event's id"):
        clients["east"].deliver(event.model_copy(update={"evidence": "evidence/another"}), package)


def test_a_file_that_is_not_what_its_hash_says_is_thrown_away(service, knock):
    world, _, clients, _ = service
    event = an_event(world)
    entry = {"name": "clip.mp4", "size": 4, "sha256": hashlib.sha256(b"good").hexdigest()}
    line = json.dumps({"event": json.loads(event.to_line()), "files": [entry]}).encode() + b"\n"
    answer = knock(line + b"evil")
    assert answer.status_code == 422
    assert "SHA-256" in answer.json()["detail"]
    assert clients["east"]._ask("GET", f"/events/{event.id}").json()["held"] == {}
    assert len(world.spool) == 0
    assert knock(line + b"good").status_code == 200
    assert len(world.spool) == 1
    ingest(world.spool, world.store)


@pytest.mark.parametrize(
    "name",
    [
        "../clip.mp4", "/etc/passwd", "a/b.mp4", "..", ".hidden.mp4", "clip.mp4\x00", "c\\lip.mp4", "", "клип.mp4",
        "x" * 200, "clip.mp4/../../x.mp4", "~root.mp4", "-rf.mp4", "CON\n.mp4",
    ],
)  # fmt: skip
def test_no_name_leads_out_of_the_folder(service, knock, name):
    world, _, _, _ = service
    before = files_under(world.settings.home)
    event = an_event(world)
    entry = {"name": name, "size": 1, "sha256": hashlib.sha256(b"x").hexdigest()}
    answer = knock(json.dumps({"event": json.loads(event.to_line()), "files": [entry]}).encode() + b"\nx")
    assert answer.status_code == 422
    assert {path for path in files_under(world.settings.home) - before if "qyran.db" not in path.name} == set()


@pytest.mark.parametrize(
    ("changes", "body", "status"),
    [
        ({"epoch": None}, b"", 422),
        ({"epoch": 2}, b"", 403),
        ({"camera": "abay-99"}, b"", 403),
        ({}, b"more than was named", 413),
        ({"still": "passages/elsewhere", "still_files": {}}, b"", 422),
        ({"evidence": "../../x"}, b"", 422),
    ],
    ids=["no epoch", "an epoch that is not there", "a camera that it does not hold", "more bytes than named",
         "pictures elsewhere", "evidence elsewhere"],
)  # fmt: skip
def test_what_a_machine_may_not_say(service, knock, changes, body, status):
    world, _, _, _ = service
    event = a_passage(world).model_copy(update=changes)
    answer = knock(json.dumps({"event": json.loads(event.to_line()), "files": []}).encode() + b"\n" + body)
    assert answer.status_code == status, answer.text
    assert len(world.spool) == 0


@pytest.mark.parametrize(
    ("headers", "status"),
    [({"authorization": "Bearer wrong"}, 401), ({"content-type": "multipart/form-data; boundary=x"}, 415)],
)
def test_who_has_no_token_or_sends_another_form_is_refused(knock, headers, status):
    assert knock(b"{}\n", **headers).status_code == status


def test_a_machine_speaks_only_for_the_cameras_it_holds(service):
    world, _, clients, _ = service
    with pytest.raises(AccessError, match="did not hold this camera"):
        clients["west"].deliver(a_passage(world), None)
    with pytest.raises(AccessError, match="does not hold this camera"):
        clients["west"].tell("abay-12", What.PICTURE, b"\xff\xd8\xff")
    with pytest.raises(AccessError, match="only its holder"):
        clients["west"].bequeath({"abay-12": "west"})


def test_an_event_of_a_newer_worker_is_kept_out_with_the_keys_that_are_not_known(service, knock):
    world, _, _, _ = service
    line = {"event": {**json.loads(a_passage(world).to_line()), "axles": 3}, "files": []}
    answer = knock(json.dumps(line).encode() + b"\n")
    assert answer.status_code == 409
    assert "axles" in answer.json()["detail"]
    assert "upgrade the service" in answer.json()["detail"]


def test_an_older_worker_that_knows_fewer_keys_is_understood(service, knock):
    world, _, _, _ = service
    old = {"id", "type", "kind", "camera", "time", "video_s", "epoch"}
    said = {key: value for key, value in json.loads(a_passage(world).to_line()).items() if key in old}
    assert knock(json.dumps({"event": said}).encode() + b"\n").status_code == 200
    assert ingest(world.spool, world.store).stored == 1


def test_what_was_seen_after_the_camera_was_another_machines_is_set_aside_and_counted(service):
    """East holds, west takes over; what east saw before counts however late it comes."""
    world, _, clients, _ = service
    before, moment = a_passage(world), world.clock.now
    world.clock.forward(seconds=5)
    clients["east"].bequeath({"abay-12": "west"})
    held = clients["west"].beat(word({"abay-12": None}, session=WEST, at=world.clock.now))
    epoch = held.cameras["abay-12"].epoch
    world.clock.forward(seconds=5)
    late, own = a_passage(world), a_passage(world, epoch=epoch)
    clients["east"].deliver(before, None)
    clients["east"].deliver(late, None)
    clients["west"].deliver(own, None)
    aside = world.spool.aside()
    taken = ingest(world.spool, world.store)
    with world.store.read() as work:
        there = {row.id for row in work.session.scalars(select(Passage))} & {str(e.id) for e in (before, late, own)}
        counted = work.session.get_one(LeaseRefusal, ("abay-12", 1, "lease_lost"))
    assert taken.stored == 2
    assert there == {str(before.id), str(own.id)}
    assert counted.events == 1
    assert world.spool.aside() == aside + 1
    reasons = [path.read_text() for path in world.spool.folder.glob("aside/*/reason.txt")]
    assert any("lease_lost" in reason for reason in reasons)
    assert moment < world.clock.now
    clients["west"].bequeath({"abay-12": "east"})
    beaten(clients["east"], word({"abay-12": None}, session=EAST, at=world.clock.now))


def test_a_service_that_is_away_or_full_is_asked_again(service, tmp_path, monkeypatch):
    world, _, clients, tokens = service
    gone = client_of(tokens["east"], tmp_path / "gone", "http://127.0.0.1:9")
    with pytest.raises(DeskAway, match="does not answer"):
        gone.deliver(a_passage(world), None)
    gone.close()

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Spool, "put", full)
    with pytest.raises(DeskAway, match="507"):
        clients["east"].deliver(a_passage(world, epoch=1), None)


def test_parts_whose_rest_never_comes_go(service, monkeypatch):
    world, _, _, _ = service
    place = world.settings.spool_folder / ARRIVING / "east" / str(uuid4())
    place.mkdir(parents=True)
    (place / "clip.mp4.part").write_bytes(b"x")
    assert sweep(world.store) == 0
    monkeypatch.setattr("service.forwarding.arrivals.KEPT_S", -1.0)
    assert sweep(world.store) == 1
    assert not place.exists()


def test_the_first_key_of_a_machine_is_trusted_and_another_only_by_a_person(service, tmp_path):
    from evidence.keys import TRUSTED, installation_signer, trust_store  # noqa: PLC0415
    from service.forwarding.machine_files import trust_asked  # noqa: PLC0415

    world, _, clients, _ = service
    first, second = (installation_signer(tmp_path / name).key_id for name in ("a", "b"))

    def pem(name, key):
        return (tmp_path / name / "keys" / TRUSTED / f"{key[:16]}.pem").read_bytes()

    clients["west"].tell_key(pem("a", first))
    clients["west"].tell_key(pem("a", first))
    assert first in trust_store(world.settings.home).keys
    with pytest.raises(NotYet, match="another key"):
        clients["west"].tell_key(pem("b", second))
    assert second not in trust_store(world.settings.home).keys
    assert trust_asked(world.settings.home, "west") == 1
    assert second in trust_store(world.settings.home).keys
    with pytest.raises(InputError):
        clients["west"].tell_key(b"no key")


JUNK = st.one_of(
    st.binary(max_size=400),
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(
            st.sampled_from(["event", "files", "id", "name", "size", "sha256", "start", "epoch", "camera", "time"]),
            inner, max_size=5,
        ),
        max_leaves=12,
    ).map(lambda value: json.dumps(value).encode() + b"\n" + b"rest"),
)  # fmt: skip


@hypothesis_settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(junk=JUNK)
def test_no_bytes_bring_the_door_to_fail_or_to_write(service, knock, junk):
    world, _, _, _ = service
    answer = knock(junk)
    assert 400 <= answer.status_code < 500
    assert len(world.spool) == 0
    shutil.rmtree(world.settings.spool_folder / ARRIVING, ignore_errors=True)


def test_a_first_line_without_an_end_is_cut_off(knock):
    assert knock(b"x" * 300_000).status_code == 413

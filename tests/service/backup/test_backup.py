"""A back-up brings everything back, says what it cannot, and undoes no erasure."""

from __future__ import annotations

import itertools
import json
import shutil
import threading
from datetime import UTC, datetime, timedelta

import pytest

from qyran.errors import ConfigError, InputError, IntegrityError
from qyran.roles import Role
from service.backup import make as making
from service.backup import sealed_keys
from service.backup.drill import drill
from service.backup.make import make
from service.backup.manifest import MANIFEST, SIGNATURE, faults_of, read_manifest
from service.backup.pruning import prune
from service.backup.restore import restore
from service.cli import main
from service.erasure import erase
from service.ingest import ingest
from service.spool import Spool
from service.store.database import open_store
from service.store.ledger import check_store, export_ledger, sign_heads
from service.store.tables import Personal, ViolationCase
from tests.service.signed import a_fine
from tests.service.world import World

WORDS = "five words that nobody guesses"
NIGHT = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)
moments = itertools.count()


def backed_up(world, target, **named):
    now = NIGHT + timedelta(minutes=next(moments))
    return make(world.store.settings, target, passphrase=named.pop("passphrase", WORDS), now=now, **named)


@pytest.fixture(autouse=True)
def _quick_passphrase(monkeypatch):
    """No test waits for a derivation that is slow on purpose."""
    monkeypatch.setattr(sealed_keys, "COST", 2**4)


@pytest.fixture
def city(world, tmp_path):
    """A decision, an alert, evidence of both, and an event that still waits in the spool."""
    world.fine = a_fine(world)
    world.alarm = world.alert()
    world.waiting = world.event(plate="321BCA05")
    world.put(world.waiting)
    sign_heads(world.store)
    world.target = tmp_path / "backups"
    return world


@pytest.fixture
def elsewhere(city, tmp_path):
    """Settings of the machine that takes over."""
    return city.settings.model_copy(update={"home": tmp_path / "new" / "home"})


def test_everything_comes_back_and_what_waited_is_taken_in(city, elsewhere):
    made = backed_up(city, city.target)
    city.store.close()
    shutil.rmtree(city.settings.home)
    restored = restore(elsewhere, made.folder, passphrase=WORDS, trust=_trust(city))
    assert restored.erased == restored.lost == ()
    store = open_store(elsewhere)
    try:
        assert check_store(store) == []
        with store.read() as work:
            assert work.session.get_one(ViolationCase, city.fine.case).document_no == city.fine.number
            sealed = work.session.get_one(Personal, (city.fine.case, 1))
            assert "payload" in store.vault.open(city.fine.case, 1, sealed.wrapped_key, sealed.sealed)
        assert ingest(Spool(elsewhere.spool_folder), store).stored == 1
        with store.read() as work:
            assert work.session.get(ViolationCase, str(city.waiting.id)) is not None
    finally:
        store.close()
    assert [path.name for path in elsewhere.documents_folder.rglob("*.pdf")] == [f"{city.fine.number}.pdf"]


def _trust(city):
    from evidence.keys import Trust, key_id  # noqa: PLC0415

    public = city.signer.key.public_key()
    return Trust({key_id(public): public})


def test_a_drill_asks_a_copy_everything_and_leaves_the_installation_alone(city):
    made = backed_up(city, city.target)
    before = {path: path.stat().st_mtime_ns for path in city.settings.home.rglob("*") if path.is_file()}
    found = drill(city.settings, made.folder, passphrase=WORDS)
    after = {path: path.stat().st_mtime_ns for path in city.settings.home.rglob("*") if path.is_file()}
    assert found.report["ok"], found.faults
    assert (found.cases, found.alerts, found.packages, found.documents) == (1, 1, 2, 1)
    assert found.personal > 5
    assert before == after
    assert [path.name for path in city.target.iterdir()] == [made.folder.name]


def test_a_drill_names_what_would_not_come_back(city):
    package = next(city.settings.evidence_folder.rglob("clip.mp4"))
    package.write_bytes(package.read_bytes()[:-1] + b"\x00")
    next(city.settings.documents_folder.rglob("*.pdf")).unlink()
    found = drill(city.settings, backed_up(city, city.target).folder, passphrase=WORDS)
    assert sorted(fault.split(" ")[0] for fault in found.faults) == ["decision", "package"]
    assert not found.report["ok"]


def test_a_drill_with_other_keys_says_that_personal_data_stay_closed(city, tmp_path):
    made = backed_up(city, city.target)
    with World(city.settings.model_copy(update={"home": tmp_path / "other"}), with_camera=False) as other:
        found = drill(other.settings, made.folder, passphrase=None, trust=_trust(city))
    assert any(fault.startswith("personal data") for fault in found.faults)


def test_what_was_erased_after_the_back_up_is_erased_again(city, elsewhere, tmp_path):
    city.clock.forward(days=400)
    made = backed_up(city, city.target)
    keeper = city.person(Role.DATA_PROTECTION_OFFICER)
    city.do(keeper, erase, ViolationCase, city.fine.case, "court_order")
    ledger = tmp_path / "ledger.jsonl"
    ledger.write_bytes(export_ledger(city.store))
    restored = restore(elsewhere, made.folder, passphrase=WORDS, trust=_trust(city), ledger=ledger)
    assert restored.erased == (city.fine.case,)
    store = open_store(elsewhere)
    try:
        with store.read() as work:
            assert work.session.get_one(Personal, (city.fine.case, 1)).sealed is None
        assert check_store(store) == []
    finally:
        store.close()
    assert list(elsewhere.documents_folder.rglob("*.pdf")) == []


def test_the_ledger_names_what_came_after_the_back_up(city, elsewhere, tmp_path):
    made = backed_up(city, city.target)
    later = city.case("red_light", plate="777XYZ05")
    ledger = tmp_path / "ledger.jsonl"
    ledger.write_bytes(export_ledger(city.store))
    restored = restore(elsewhere, made.folder, passphrase=WORDS, trust=_trust(city), ledger=ledger)
    assert later in restored.lost
    assert city.fine.case not in restored.lost


def test_the_second_back_up_copies_only_what_is_new(city):
    first = backed_up(city, city.target)
    city.case("red_light", plate="777XYZ05")
    second = backed_up(city, city.target)
    named = {one.path for one in first.manifest.files}
    again = [one for one in second.manifest.files if one.path.startswith("evidence/") and one.path in named]
    assert second.linked >= sum(one.size for one in again) > 0
    shutil.rmtree(first.folder)
    assert faults_of(second.folder, second.manifest) == []
    assert drill(city.settings, second.folder, passphrase=WORDS).report["ok"]


def test_a_back_up_made_while_others_write_is_one_state(city):
    stop = threading.Event()

    def write() -> None:
        for number in itertools.count():
            if stop.is_set():
                return
            city.case("red_light", plate=f"{100 + number % 900}QQQ{1 + number // 900:02}")

    writer = threading.Thread(target=write)
    writer.start()
    try:
        made = [backed_up(city, city.target) for _ in range(2)]
    finally:
        stop.set()
        writer.join()
    for one in made:
        assert drill(city.settings, one.folder, passphrase=WORDS).faults == ()


@pytest.mark.parametrize("spoilt", ["evidence", "database", "manifest", "surplus", "missing", "keys"])
def test_a_spoilt_back_up_is_refused_whole(city, elsewhere, spoilt):
    made = backed_up(city, city.target)
    name = {"database": "database/store.sqlite", "manifest": MANIFEST, "keys": "keys.sealed"}.get(spoilt)
    path = made.folder / name if name else next((made.folder / "evidence").rglob("clip.mp4"))
    if spoilt == "surplus":
        (made.folder / "evidence" / "more").write_bytes(b"x")
    elif spoilt == "missing":
        path.unlink()
    else:
        data = bytearray(path.read_bytes())
        data[len(data) // 2] ^= 1
        path.write_bytes(data)
    with pytest.raises(IntegrityError):
        restore(elsewhere, made.folder, passphrase=WORDS, trust=_trust(city))
    assert not elsewhere.home.exists()


def test_nobody_elses_key_makes_a_back_up_ours(city, elsewhere, tmp_path):
    with World(city.settings.model_copy(update={"home": tmp_path / "other"})) as other:
        made = backed_up(other, tmp_path / "theirs")
    with pytest.raises(IntegrityError, match="No trusted key"):
        restore(elsewhere, made.folder, passphrase=WORDS, trust=_trust(city))


@pytest.mark.parametrize(
    ("passphrase", "fault", "sentence"),
    [("another one of many signs", IntegrityError, "another passphrase"), (None, InputError, "has no keys")],
)
def test_without_the_passphrase_nothing_opens(city, elsewhere, passphrase, fault, sentence):
    made = backed_up(city, city.target)
    with pytest.raises(fault, match=sentence):
        restore(elsewhere, made.folder, passphrase=passphrase, trust=_trust(city))


def test_no_name_no_plate_and_no_key_lies_open_in_a_back_up(city):
    made = backed_up(city, city.target)
    keys = [path.read_bytes() for path in (city.settings.home / "keys").glob("*.key")]
    for path in made.folder.rglob("*"):
        data = path.read_bytes() if path.is_file() else b""
        assert not any(key in data for key in keys)
        if "spool" not in path.parts:  # what waits was not taken in yet: it is as the worker left it
            assert b"124ABC02" not in data or path.suffix == ".json", path


def test_a_home_or_a_database_that_holds_something_is_never_written_over(city):
    made = backed_up(city, city.target)
    with pytest.raises(InputError, match="not empty"):
        restore(city.settings, made.folder, passphrase=WORDS)


def test_a_short_passphrase_and_a_full_disk_are_refused_before_anything_lies_there(city, monkeypatch):
    with pytest.raises(ConfigError, match="16 signs"):
        backed_up(city, city.target, passphrase="short")
    full = shutil.disk_usage(city.target)._replace(free=10)
    monkeypatch.setattr(making.shutil, "disk_usage", lambda _: full)
    with pytest.raises(ConfigError, match="larger disk"):
        backed_up(city, city.target)
    assert list(city.target.iterdir()) == []


def test_old_ones_go_and_the_newest_stays(city):
    made = [
        make(city.settings, city.target, passphrase=None, now=NIGHT - timedelta(days=days)) for days in (90, 40, 31, 1)
    ]
    gone = prune(city.target, timedelta(days=30), NIGHT)
    assert gone == [one.folder for one in made[:3]]
    assert prune(city.target, timedelta(0), NIGHT) == []
    assert read_manifest(made[3].folder, _trust(city)).with_keys is False


def test_from_the_command_line(city, capsys, monkeypatch, tmp_path):
    monkeypatch.setenv("WORDS", WORDS)
    assert main(["backup", "make", str(city.target), "--passphrase", "env:WORDS"]) == 0
    folder = json.loads(capsys.readouterr().out)["folder"]
    assert main(["backup", "verify", folder]) == 0
    assert main(["backup", "drill", folder, "--passphrase", "env:WORDS"]) == 0
    assert main(["backup", "drill", str(tmp_path / "nowhere")]) == 2
    (city.target / "x" / SIGNATURE).parent.mkdir()
    assert main(["backup", "restore", folder, "--passphrase", "env:WORDS"]) == 2
    assert "not empty" in capsys.readouterr().err
    next((city.target / folder / "evidence").rglob("clip.mp4")).unlink()
    assert main(["backup", "verify", folder]) == 1


def test_postgresql_comes_back_into_an_empty_database(settings, postgres_url, empty_postgres_url, tmp_path):
    with World(settings.model_copy(update={"database_url": postgres_url})) as city:
        city.fine = a_fine(city)
        sign_heads(city.store)
        made = backed_up(city, tmp_path / "backups")
        found = drill(city.settings, made.folder, passphrase=WORDS, database_url=empty_postgres_url)
        assert found.faults == ()
        assert (found.cases, found.documents) == (1, 1)
        with pytest.raises(InputError, match="holds tables"):
            drill(city.settings, made.folder, passphrase=WORDS, database_url=empty_postgres_url)

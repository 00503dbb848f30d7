"""Evidence and pictures in an object store: a real S3 server over HTTP."""

from __future__ import annotations

import shutil

import pytest
from sqlalchemy import select

from qyran.errors import ConfigError
from qyran.roles import SYSTEM, Role
from service import cases, erasure, signing
from service.ingest import ingest
from service.objects_store import ObjectsAway
from service.objects_store.copying import copy_all
from service.objects_store.folders import local_folder, objects_of, open_objects
from service.objects_store.owed import pay
from service.objects_store.s3 import Place
from service.outages import log as outages
from service.passage_retention import sweep_passages
from service.passages import picture_of
from service.records import evidence_of
from service.store.tables import Evidence, Passage, ViolationCase
from service.taking import package_of
from tests.service.passages import passage, taken
from tests.service.s3 import with_store
from tests.service.world import World


@pytest.fixture
def city(settings, address):
    with World(with_store(settings, address)) as made:
        yield made


def keys(city, prefix: str = "") -> list[str]:
    return sorted(one.key for one in objects_of(city.settings).find(prefix))


def test_evidence_is_in_the_store_before_its_case_is_and_comes_back_from_there(city):
    case = city.case()
    with city.store.read() as work:
        folder = work.session.scalars(select(Evidence.folder).where(Evidence.record == case)).one()
    assert f"evidence/{folder}/manifest.json" in keys(city)
    shutil.rmtree(city.settings.evidence_folder)
    with city.store.read() as work:
        found = package_of(work, case)
        assert evidence_of(work, [case])[case]
    assert (found.faults, (city.settings.evidence_folder / folder / "clip.mp4").is_file()) == ((), True)


def test_a_passages_pictures_go_with_it_from_both(city):
    identity = taken(city, still=True)
    assert len(keys(city, "passages/")) == 2
    shutil.rmtree(city.settings.passages_folder)
    with city.store.read() as work:
        assert picture_of(work, identity, "vehicle.jpg").is_file()
    city.clock.forward(days=40)
    assert sweep_passages(city.store) == 1
    assert (keys(city), list(city.settings.passages_folder.rglob("*.jpg"))) == ([], [])


def test_an_erasure_empties_the_store_too(city):
    case = city.case()
    with city.store.write(SYSTEM) as work:
        work.session.get_one(ViolationCase, case).state = "closed"
    officer = city.person(Role.DATA_PROTECTION_OFFICER)
    city.do(officer, erasure.erase, ViolationCase, case, "court_order")
    assert keys(city, "evidence/") == []


def test_while_the_store_is_away_what_needs_it_waits_and_the_rest_is_taken(settings, monkeypatch):
    monkeypatch.setenv("QYRAN_TEST_KEY", "key")
    monkeypatch.setenv("QYRAN_TEST_SECRET", "word")
    nowhere = with_store(settings, "s3://bucket?endpoint=http://127.0.0.1:9")
    with World(nowhere) as city:
        event, (still, folder), plain = city.event(), passage(city, still=True), passage(city, "777KKK01")[0]
        city.put(event)
        city.spool.put(still, folder)
        city.spool.put(plain)
        assert ingest(city.spool, city.store).stored == 1
        assert (len(city.spool), city.spool.aside()) == (2, 0)
        with city.store.read(SYSTEM) as work:
            assert [one.component for one in outages.running(work)] == ["disk:object store"]
            assert work.session.scalars(select(Passage.id)).all() == [str(plain.id)]
        object.__setattr__(city.store, "settings", settings)
        assert ingest(city.spool, city.store).stored == 2
        with city.store.read(SYSTEM) as work:
            assert outages.running(work) == ()


def test_copying_goes_on_where_it_was_cut_off(settings, address, tmp_path):
    with World(settings) as city:
        city.case()
        taken(city, still=True)
        objects = open_objects(address, "env:QYRAN_TEST_KEY", "env:QYRAN_TEST_SECRET")
        first = copy_all(settings, objects, lambda _: None)
        assert (first.put > 5, first.there) == (True, 0)
        objects.delete("passages/")
        again = copy_all(settings, objects, lambda _: None)
        assert (again.put, again.there) == (2, first.put - 2)
        beside = copy_all(settings, open_objects(str(tmp_path / "share"), None, None), lambda _: None)
        assert beside.put == first.put


@pytest.mark.parametrize("kind", ["s3", "folder"])
def test_a_part_of_an_object_is_read_by_itself(kind, address, tmp_path):
    objects = open_objects(
        address if kind == "s3" else str(tmp_path / "share"), "env:QYRAN_TEST_KEY", "env:QYRAN_TEST_SECRET"
    )
    path = tmp_path / "clip.mp4"
    path.write_bytes(bytes(range(256)))
    objects.put("evidence/a/clip.mp4", path)
    assert b"".join(objects.read("evidence/a/clip.mp4", 10, 20)) == bytes(range(10, 20))
    assert b"".join(objects.read("evidence/a/clip.mp4")) == path.read_bytes()
    with pytest.raises(FileNotFoundError):
        list(objects.read("evidence/a/none"))


def test_each_object_carries_its_hash_and_is_encrypted_and_locked_where_asked(server, client, tmp_path, monkeypatch):
    monkeypatch.setenv("QYRAN_TEST_KEY", "key")
    client.create_bucket(Bucket="locked", ObjectLockEnabledForBucket=True)
    url = f"s3://locked?endpoint={server}&sse=AES256&lock_days=30"
    objects = open_objects(url, "env:QYRAN_TEST_KEY", "env:QYRAN_TEST_KEY")
    (tmp_path / "a").write_bytes(b"evidence")
    sha256 = objects.put("evidence/a", tmp_path / "a")
    head = client.head_object(Bucket="locked", Key="evidence/a")
    assert (head["Metadata"]["sha256"], head["ServerSideEncryption"]) == (sha256, "AES256")
    assert head["ObjectLockMode"] == "GOVERNANCE"


@pytest.mark.parametrize(
    "url",
    [
        "s3://",
        "s3://key:word@bucket",
        "s3://bucket?region=x&secret=y",
        "s3://bucket?lock_days=soon",
        "s3://b?sse=rot13",
    ],
)
def test_an_address_with_a_secret_or_an_unknown_word_is_refused(url):
    with pytest.raises(ConfigError, match="object store"):
        Place.of(url)


def test_a_folder_that_is_missing_is_not_made_up(city):
    assert not local_folder(city.settings, "evidence", "2026-01/none").exists()


def test_a_disk_that_refuses_is_an_outage_not_a_fault_of_the_event(tmp_path):
    (tmp_path / "a").write_bytes(b"x")
    (tmp_path / "share").write_bytes(b"a file where a folder should be")
    with pytest.raises(ObjectsAway, match="takes nothing"):
        open_objects(str(tmp_path / "share"), None, None).put("evidence/a", tmp_path / "a")


# -- what is owed ----------------------------------------------------------------------------------------------------


@pytest.fixture
def signed(settings, address):
    with World(with_store(settings, address), demo=True) as made:
        officer = made.person(Role.POLICE_OFFICER)
        case = made.case()
        made.do(officer, cases.confirm, case, made.do(officer, cases.claim, case).offences[0])
        made.do(officer, signing.sign, case)
        made.officer, made.signed = officer, case
        yield made


def test_a_signed_document_is_in_the_store_soon_after_and_comes_back_from_there(signed):
    assert keys(signed, "documents/") == []
    assert pay(signed.store) == 1
    (key,) = keys(signed, "documents/")
    shutil.rmtree(signed.settings.documents_folder)
    path, name = signed.do(signed.officer, signing.document, signed.signed)
    assert (path.is_file(), key.endswith(name), pay(signed.store)) == (True, True, 0)


def test_a_signature_waits_for_no_object_store(settings, monkeypatch, address):
    nowhere = with_store(settings, "s3://bucket?endpoint=http://127.0.0.1:9")
    with World(settings, demo=True) as city:
        officer = city.person(Role.POLICE_OFFICER)
        case = city.case()
        city.do(officer, cases.confirm, case, city.do(officer, cases.claim, case).offences[0])
        object.__setattr__(city.store, "settings", nowhere)
        city.do(officer, signing.sign, case)
        assert pay(city.store) == 0
        object.__setattr__(city.store, "settings", with_store(settings, address))
        assert pay(city.store) == 1
        assert len(list(objects_of(city.store.settings).find("documents/"))) == 1


def test_what_is_erased_leaves_the_store_also_where_nothing_of_it_lies_here(signed):
    pay(signed.store)
    assert keys(signed, "evidence/")
    shutil.rmtree(signed.settings.evidence_folder)
    shutil.rmtree(signed.settings.documents_folder)
    with signed.store.write(SYSTEM) as work:
        work.session.get_one(ViolationCase, signed.signed).state = "closed"
    signed.do(signed.person(Role.DATA_PROTECTION_OFFICER), erasure.erase, ViolationCase, signed.signed, "court_order")
    assert pay(signed.store) == 3
    assert keys(signed) == []


def test_a_document_that_was_erased_before_it_was_put_is_not_put(signed):
    with signed.store.write(SYSTEM) as work:
        work.session.get_one(ViolationCase, signed.signed).state = "closed"
    signed.do(signed.person(Role.DATA_PROTECTION_OFFICER), erasure.erase, ViolationCase, signed.signed, "court_order")
    pay(signed.store)
    assert (keys(signed, "documents/"), pay(signed.store)) == ([], 0)


@pytest.mark.parametrize("kind", ["s3", "folder"])
def test_one_object_is_deleted_by_its_whole_key_and_its_neighbour_stays(kind, address, tmp_path):
    place = address if kind == "s3" else str(tmp_path / "share")
    objects = open_objects(place, "env:QYRAN_TEST_KEY", "env:QYRAN_TEST_SECRET")
    (tmp_path / "paper").write_bytes(b"x")
    for key in ("documents/2026/A-1.pdf", "documents/2026/A-2.pdf"):
        objects.put(key, tmp_path / "paper")
    assert objects.delete("documents/2026/A-1.pdf") == 1
    assert [one.key for one in objects.find("documents/")] == ["documents/2026/A-2.pdf"]

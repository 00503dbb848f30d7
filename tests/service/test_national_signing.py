"""A decision signed in the officer's browser: prepared, signed as NCALayer would, verified by an NCANode's stand-in."""

from __future__ import annotations

import pytest

from evidence.canonical import sha256_hex
from qyran.errors import ConfigError, IntegrityError, TransitionError
from qyran.roles import SYSTEM, Role
from service import cases, national_signing, signing
from service.document_numbers import free_unused, open_numbers
from service.document_signer import register_certificate
from service.ports.http import Peer
from service.ports.national_signature import NcaNode
from service.settings import load_settings
from service.store.delivery_tables import DecisionSignature
from service.store.tables import AppUser, Decision
from tests.service.certificates import LOGS_IN, NOW, YEAR, Authority, cms
from tests.service.confirmed import a_confirmed
from tests.service.ncanode import ncanode
from tests.service.world import World


@pytest.fixture(scope="module")
def authority():
    return Authority()


@pytest.fixture
def house(tmp_path, authority):
    home = tmp_path / "home"
    home.mkdir()
    revoked: set[int] = set()
    with ncanode(authority, revoked) as url:
        (home / "signing.toml").write_text(f'kind = "development"\n[national]\nurl = "{url}"\n', encoding="utf-8")
        settings = load_settings(home=home, signing_file=home / "signing.toml", second_look_share=0)
        with World(settings, demo=True) as made:
            made.officer, made.revoked = made.person(Role.POLICE_OFFICER), revoked
            made.by = national_signing.national_signature(made.store)
            made.confirmed = a_confirmed(made, made.officer)
            yield made


def own(world, certificate) -> None:
    with world.store.read() as work:
        name = work.session.get_one(AppUser, world.officer.id).username
    world.do(SYSTEM, register_certificate, name, certificate)


def finish(world, signature: bytes):
    return national_signing.finish(world.store, world.officer, world.confirmed, signature, world.by)


def test_a_prepared_decision_is_signed_with_the_officers_cms_and_both_are_kept(house, authority):
    key, certificate = authority.issue()
    own(house, certificate)
    pdf = national_signing.prepare(house.store, house.officer, house.confirmed)
    assert national_signing.prepare(house.store, house.officer, house.confirmed) == pdf
    signature = cms(pdf, key, certificate)
    signed = finish(house, signature)
    assert (signed.state, signed.document_no) == ("signed", "CITY-2026-000001")
    with house.store.read() as work:
        kept = work.session.get_one(DecisionSignature, house.confirmed)
        assert work.session.get_one(Decision, house.confirmed).sha256 == sha256_hex(pdf)
        assert open_numbers(work) == {}
    assert (house.settings.documents_folder / kept.file).read_bytes() == signature
    assert (kept.serial, kept.verified_by) == (f"{certificate.serial_number:X}", "ncanode")


@pytest.mark.parametrize(
    ("given", "registered", "said"),
    [
        ({"start": NOW - 3 * YEAR}, True, "has expired"),
        ({"start": NOW + YEAR}, True, "not valid yet"),
        ({"of": LOGS_IN}, True, "not for signing documents"),
        ({}, False, "not registered to the officer"),
    ],
)
def test_a_certificate_that_may_not_sign_is_refused_with_its_reason(house, authority, given, registered, said):
    key, certificate = authority.issue(**given)
    if registered:
        own(house, certificate)
    pdf = national_signing.prepare(house.store, house.officer, house.confirmed)
    with pytest.raises(TransitionError, match=said):
        finish(house, cms(pdf, key, certificate))


def test_a_revoked_a_strangers_and_another_documents_signature_are_refused(house, authority):
    key, certificate = authority.issue()
    own(house, certificate)
    pdf = national_signing.prepare(house.store, house.officer, house.confirmed)
    with pytest.raises(TransitionError, match="does not fit the document"):
        finish(house, cms(pdf + b"\n", key, certificate))
    strange_key, strange = Authority().issue()
    with pytest.raises(TransitionError, match="nobody this installation trusts"):
        finish(house, cms(pdf, strange_key, strange))
    house.revoked.add(certificate.serial_number)
    with pytest.raises(TransitionError, match="has been revoked"):
        finish(house, cms(pdf, key, certificate))
    house.revoked.clear()
    assert finish(house, cms(pdf, key, certificate)).state == "signed"


@pytest.mark.parametrize("rubbish", [b"", b"0", b"\x30\x80\x00\x00", b"x" * 2_000_000])
def test_what_is_no_cms_is_refused(house, rubbish):
    national_signing.prepare(house.store, house.officer, house.confirmed)
    with pytest.raises(TransitionError, match="no signature of one officer"):
        finish(house, rubbish)


def test_nothing_is_signed_that_was_not_prepared_or_has_changed_since(house, authority):
    key, certificate = authority.issue()
    own(house, certificate)
    with pytest.raises(TransitionError, match="prepare it again"):
        finish(house, cms(b"", key, certificate))
    pdf = national_signing.prepare(house.store, house.officer, house.confirmed)
    next(house.settings.documents_folder.glob("prepared/*.pdf")).write_bytes(b"%PDF another")
    with pytest.raises(IntegrityError, match="altered"):
        finish(house, cms(pdf, key, certificate))


def test_a_service_that_does_not_answer_is_named(house):
    national_signing.prepare(house.store, house.officer, house.confirmed)
    house.by = NcaNode(Peer("http://127.0.0.1:9"))
    key, certificate = Authority().issue()
    with pytest.raises(ConfigError, match="does not answer"):
        finish(house, cms(b"", key, certificate))


def test_the_service_alone_signs_nothing_here(house):
    with pytest.raises(TransitionError, match="NCALayer"):
        signing.issue(house.store, house.officer, house.confirmed)


def test_a_number_held_for_a_case_that_is_taken_back_goes_to_the_next(house):
    national_signing.prepare(house.store, house.officer, house.confirmed)
    house.do(house.officer, cases.withdraw, house.confirmed, "mistake_noticed")
    house.clock.forward(hours=1)
    assert house.do(SYSTEM, free_unused) == 1
    house.confirmed = a_confirmed(house, house.officer)
    national_signing.prepare(house.store, house.officer, house.confirmed)
    with house.store.read() as work:
        assert open_numbers(work) == {"decision 2026": (1,)}

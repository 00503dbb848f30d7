"""Signing with a PKCS#12 file and a real PKCS#11 token (SoftHSM2); what may not sign is refused with its reason."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from evidence.keys import trust_store
from evidence.pades import verify_pdf
from evidence.verify import verify
from qyran.errors import ConfigError, InputError, NotFound, TransitionError
from qyran.roles import SYSTEM, Role
from service import signing
from service.document_signer import register_certificate, signing_file, withdraw_certificate
from service.settings import load_settings
from service.store.delivery_tables import ReservedNumber
from service.store.tables import AppUser
from tests.service.certificates import LOGS_IN, NOW, P12_PASSWORD, YEAR, Authority, p12
from tests.service.confirmed import a_confirmed
from tests.service.world import World

SOFTHSM = next(
    iter([*Path("/usr/lib").glob("softhsm/libsofthsm2.so"), *Path("/usr/lib").glob("*/softhsm/libsofthsm2.so")]), None
)
FILE = 'kind = "pkcs12"\nfile = "{home}/{{username}}.p12"\npassword = "env:P12"\nauthorities = "{home}/trusted"\n'


@pytest.fixture(scope="module")
def authority():
    return Authority()


@pytest.fixture
def house(tmp_path, authority, monkeypatch):
    """A demo installation whose officers sign with PKCS#12 files."""
    monkeypatch.setenv("P12", P12_PASSWORD)
    home = tmp_path / "home"
    authority.folder(home / "trusted")
    (home / "signing.toml").write_text(FILE.format(home=home), encoding="utf-8")
    settings = load_settings(home=home, signing_file=home / "signing.toml", second_look_share=0)
    with World(settings, demo=True) as made:
        made.officer = made.person(Role.POLICE_OFFICER)
        yield made


def username(world) -> str:
    with world.store.read() as work:
        return work.session.get_one(AppUser, world.officer.id).username


def give(world, key, certificate, *, register: bool = True):
    (world.settings.home / f"{username(world)}.p12").write_bytes(p12(key, certificate))
    if register:
        world.do(SYSTEM, register_certificate, username(world), certificate)


def test_an_officers_own_key_signs_and_the_document_verifies_offline(house, authority):
    key, certificate = authority.issue()
    give(house, key, certificate)
    case = a_confirmed(house, house.officer)
    signed = signing.issue(house.store, house.officer, case)
    path, _ = house.do(house.officer, signing.document, case)
    assert signed.document_no == "CITY-2026-000001"
    trusted = trust_store(house.settings.home)
    assert verify_pdf(path.read_bytes(), trusted.certificates).ok
    assert verify(path, trusted).ok
    if shutil.which("pdfsig"):
        said = subprocess.run(["pdfsig", path], capture_output=True, text=True, check=False).stdout
        assert "Signature is Valid" in said


@pytest.mark.parametrize(
    ("given", "register", "said"),
    [
        ({"start": NOW - 3 * YEAR}, True, "has expired"),
        ({"start": NOW + YEAR}, True, "not valid yet"),
        ({"of": LOGS_IN}, True, "not for signing documents"),
        ({}, False, "not registered to the officer"),
    ],
)
def test_a_certificate_that_may_not_sign_is_refused_and_takes_no_number(house, authority, given, register, said):
    key, certificate = authority.issue(**given)
    give(house, key, certificate, register=register)
    case = a_confirmed(house, house.officer)
    with pytest.raises(TransitionError, match=said):
        signing.issue(house.store, house.officer, case)
    with house.store.read() as work:
        assert work.session.query(ReservedNumber).count() == 0


def test_a_revoked_a_withdrawn_and_a_strangers_certificate_are_refused(house, authority):
    key, certificate = authority.issue()
    give(house, key, certificate)
    case = a_confirmed(house, house.officer)
    home = house.settings.home
    with (home / "signing.toml").open("a") as file:
        file.write(f'revoked = "{home}/revoked"\n')
    (home / "revoked").mkdir()
    with pytest.raises(TransitionError, match="missing or out of date"):
        signing.issue(house.store, house.officer, case)
    (home / "revoked" / "a.crl").write_bytes(authority.revoked(certificate))
    with pytest.raises(TransitionError, match="has been revoked"):
        signing.issue(house.store, house.officer, case)
    (home / "revoked" / "a.crl").write_bytes(authority.revoked())
    house.do(SYSTEM, withdraw_certificate, f"{certificate.serial_number:x}")
    with pytest.raises(TransitionError, match="not registered"):
        signing.issue(house.store, house.officer, case)
    give(house, *Authority().issue())
    with pytest.raises(TransitionError, match="nobody this installation trusts"):
        signing.issue(house.store, house.officer, case)


def test_a_certificate_is_one_officers(house, authority):
    _, certificate = authority.issue()
    house.do(SYSTEM, register_certificate, username(house), certificate)
    house.officer = house.person(Role.POLICE_OFFICER)
    with pytest.raises(InputError, match="another user"):
        house.do(SYSTEM, register_certificate, username(house), certificate)
    with pytest.raises(NotFound):
        house.do(SYSTEM, register_certificate, "nobody", certificate)
    with pytest.raises(NotFound):
        house.do(SYSTEM, withdraw_certificate, "FF")


def test_a_wrong_password_and_a_missing_file_are_named_without_the_password(house, authority, monkeypatch):
    case = a_confirmed(house, house.officer)
    with pytest.raises(ConfigError, match="cannot be read"):
        signing.issue(house.store, house.officer, case)
    give(house, *authority.issue())
    monkeypatch.setenv("P12", "another one")
    with pytest.raises(ConfigError, match="wrong password") as caught:
        signing.issue(house.store, house.officer, case)
    assert "another one" not in str(caught.value)


@pytest.mark.parametrize(
    ("toml", "said"),
    [
        ("kind = 'pkcs12'", "needs file, password, authorities"),
        ("kind = 'pkcs11'", "needs module"),
        ("x = 1", "kind"),
        ("kind", "read"),
    ],
)
def test_a_signing_file_that_cannot_be_used_is_refused_with_its_place(house, toml, said):
    (house.settings.home / "signing.toml").write_text(toml, encoding="utf-8")
    with pytest.raises(ConfigError, match=said):
        signing_file(house.store)


@pytest.mark.skipif(SOFTHSM is None or not shutil.which("softhsm2-util"), reason="SoftHSM2 is not installed")
def test_a_token_signs_and_never_gives_its_key_away(house, authority, tmp_path, monkeypatch):
    key, certificate = authority.issue(years=2)
    (tmp_path / "tokens").mkdir()
    (tmp_path / "softhsm2.conf").write_text(f"directories.tokendir = {tmp_path}/tokens\n", encoding="utf-8")
    monkeypatch.setenv("SOFTHSM2_CONF", str(tmp_path / "softhsm2.conf"))
    monkeypatch.setenv("HSM_PIN", "4321")
    script = Path(__file__).parent / "signs_with_token.py"
    (tmp_path / "key.p8").write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    (tmp_path / "own.der").write_bytes(certificate.public_bytes(Encoding.DER))
    tool = ["softhsm2-util", "--token", "qyran", "--pin", "4321"]
    subprocess.run(
        [*tool[:1], "--init-token", "--free", "--label", "qyran", "--so-pin", "1234", "--pin", "4321"],
        check=True,
        capture_output=True,
    )
    subprocess.run(
        [*tool, "--import", tmp_path / "key.p8", "--label", "seal", "--id", "A1"], check=True, capture_output=True
    )
    home = house.settings.home
    (home / "signing.toml").write_text(
        f'kind = "pkcs11"\nwhose = "body"\nmodule = "{SOFTHSM}"\ntoken = "qyran"\nlabel = "seal"\n'
        f'pin = "env:HSM_PIN"\nauthorities = "{home}/trusted"\n', encoding="utf-8",
    )  # fmt: skip
    several = [a_confirmed(house, house.officer) for _ in range(2)]
    # A library of tokens stays in its process; the tests' own is kept free of it.
    done = subprocess.run(
        [sys.executable, script, SOFTHSM, home, tmp_path / "own.der", house.officer.id, *several],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.stdout.split() == ["CITY-2026-000001", "CITY-2026-000002"], done.stderr
    for case in several:
        path, _ = house.do(house.officer, signing.document, case)
        assert verify_pdf(path.read_bytes(), trust_store(home).certificates).ok

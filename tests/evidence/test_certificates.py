from __future__ import annotations

from datetime import timedelta

import pytest
from cryptography import x509

from evidence.certificates import Trust, fault_of, load_trust
from qyran.errors import ConfigError
from tests.service.certificates import LOGS_IN, NOW, SIGNS, YEAR, Authority, usage


@pytest.fixture(scope="module")
def authority():
    return Authority()


@pytest.mark.parametrize(
    ("given", "at", "fault"),
    [
        ({}, NOW, None),
        ({}, NOW + 2 * YEAR, "expired"),
        ({}, NOW - YEAR / 2, "not_yet_valid"),
        ({"of": LOGS_IN}, NOW, "wrong_usage"),
        ({"of": usage("digital_signature")}, NOW, "wrong_usage"),
        ({"of": usage("content_commitment")}, NOW, "wrong_usage"),
    ],
)
def test_a_certificate_signs_in_its_time_and_for_its_use(authority, given, at, fault):
    _, certificate = authority.issue(**given)
    assert fault_of(certificate, Trust((authority.certificate,)), at) == fault


def test_somebody_elses_certificate_is_not_trusted(authority):
    _, certificate = Authority().issue()
    assert fault_of(certificate, Trust((authority.certificate,)), NOW) == "unknown_issuer"
    assert fault_of(certificate, Trust(()), NOW) == "unknown_issuer"


def test_an_authority_signs_no_documents(authority):
    assert fault_of(authority.certificate, Trust((authority.certificate,)), NOW) == "wrong_usage"


@pytest.mark.parametrize(
    ("revoke", "until", "fault"),
    [
        (True, NOW + YEAR, "revoked"),
        (False, NOW + YEAR, None),
        (False, NOW - timedelta(days=1), "revocation_unknown"),
        (True, NOW - timedelta(days=1), "revoked"),
    ],
)
def test_a_revoked_certificate_signs_no_more(authority, revoke, until, fault):
    _, certificate = authority.issue()
    crl = x509.load_pem_x509_crl(authority.revoked(*[certificate] * revoke, until=until))
    assert fault_of(certificate, Trust((authority.certificate,), (crl,), needs_lists=True), NOW) == fault


def test_a_list_of_another_authority_says_nothing(authority):
    _, certificate = authority.issue()
    forged = x509.load_pem_x509_crl(Authority().revoked(certificate))
    trust = Trust((authority.certificate,), (forged,), needs_lists=True)
    assert fault_of(certificate, trust, NOW) == "revocation_unknown"


def test_trust_is_read_from_folders(authority, tmp_path):
    _, certificate = authority.issue(of=SIGNS)
    (tmp_path / "revoked").mkdir()
    (tmp_path / "revoked" / "a.crl").write_bytes(authority.revoked(certificate))
    trust = load_trust(authority.folder(tmp_path / "trusted"), tmp_path / "revoked")
    assert fault_of(certificate, trust, NOW) == "revoked"


@pytest.mark.parametrize(
    ("name", "content", "said"), [("a.pem", b"nothing", "holds no certificate"), (None, b"", "of an authority")]
)
def test_a_folder_that_cannot_be_used_is_named(tmp_path, name, content, said):
    if name:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(ConfigError, match=said):
        load_trust(tmp_path, None)
    with pytest.raises(ConfigError, match="is not there"):
        load_trust(tmp_path / "nowhere", None)

from __future__ import annotations

import stat
from concurrent.futures import ThreadPoolExecutor

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from evidence.keys import installation_signer, load_public_key, load_trust, trust_store
from qyran.errors import ConfigError, InputError


def test_the_development_key_is_made_once_for_its_owner_alone(tmp_path):
    first, second = installation_signer(tmp_path), installation_signer(tmp_path)
    assert first.key_id == second.key_id
    assert first.development
    assert stat.S_IMODE((tmp_path / "keys" / "development-evidence.pem").stat().st_mode) == 0o600


def test_what_the_installation_signs_its_trust_store_accepts(tmp_path):
    signer = installation_signer(tmp_path)
    trust = trust_store(tmp_path)
    assert trust.accepts(signer.key_id, signer.sign(b"message"), b"message")
    assert not trust.accepts(signer.key_id, signer.sign(b"message"), b"another")
    assert not trust.accepts("0" * 64, signer.sign(b"message"), b"message")


def test_an_installed_key_comes_before_the_development_key(tmp_path):
    other = installation_signer(tmp_path / "other")
    installation_signer(tmp_path)
    installed = tmp_path / "keys" / "evidence.pem"
    installed.write_bytes((tmp_path / "other" / "keys" / "development-evidence.pem").read_bytes())
    installed.chmod(0o600)
    signer = installation_signer(tmp_path)
    assert (signer.key_id, signer.development) == (other.key_id, False)
    assert set(trust_store(tmp_path).keys) > {other.key_id}


def test_several_starting_at_once_agree_on_one_key(tmp_path):
    with ThreadPoolExecutor(8) as pool:
        ids = list(pool.map(lambda _: installation_signer(tmp_path).key_id, range(16)))
    assert len(set(ids)) == 1
    assert not list((tmp_path / "keys").rglob(".*"))


def test_a_private_key_others_can_read_is_refused(tmp_path):
    installation_signer(tmp_path)
    (tmp_path / "keys" / "development-evidence.pem").chmod(0o644)
    with pytest.raises(ConfigError, match="chmod 600"):
        installation_signer(tmp_path)


def test_the_private_key_is_never_shown(tmp_path):
    assert "PrivateKey" not in repr(installation_signer(tmp_path))


def test_an_absent_home_trusts_nobody(tmp_path):
    assert not trust_store(tmp_path / "nothing").keys


def test_a_key_that_does_not_exist_is_a_bad_input(tmp_path):
    with pytest.raises(InputError, match="does not exist"):
        load_public_key(tmp_path / "no.pem")


@pytest.mark.parametrize("content", [b"", b"text", b"-----BEGIN CERTIFICATE-----\nxx\n-----END CERTIFICATE-----\n"])
def test_a_file_that_is_no_key_is_named(tmp_path, content):
    path = tmp_path / "key.pem"
    path.write_bytes(content)
    with pytest.raises(ConfigError, match=r"key\.pem"):
        load_trust(path)


def test_a_key_of_another_kind_is_refused(tmp_path):
    key = generate_private_key(SECP256R1())
    public = tmp_path / "ec.pem"
    public.write_bytes(key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    with pytest.raises(ConfigError, match="Ed25519"):
        load_public_key(public)
    private = tmp_path / "keys" / "evidence.pem"
    private.parent.mkdir()
    private.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    private.chmod(0o600)
    with pytest.raises(ConfigError, match="Ed25519"):
        installation_signer(tmp_path)

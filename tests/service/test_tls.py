"""The service speaks TLS by itself, and says at start what would keep clients away."""

from __future__ import annotations

import ssl
from datetime import UTC, datetime, timedelta

import httpx
import pytest
import uvicorn

from qyran.errors import ConfigError
from service.app import create_app
from service.bench_faults.certificate import self_signed
from service.tls import server_context
from tests.service.server import serving

NOW = datetime.now(UTC)


@pytest.fixture
def files(tmp_path):
    return self_signed(tmp_path, "service")


def test_a_client_that_trusts_the_authority_is_answered_and_others_turn_away(files, world):
    context = server_context(*files)
    with serving(create_app(store=world.store, jobs=False), ssl=context) as address:
        assert address.startswith("https://")
        trusted = ssl.create_default_context(cafile=files[0])
        assert httpx.get(f"{address}/healthz", verify=trusted).status_code == 200
        with pytest.raises(httpx.ConnectError):
            httpx.get(f"{address}/healthz")
        old = ssl.create_default_context(cafile=files[0])
        old.maximum_version = ssl.TLSVersion.TLSv1_2
        old.minimum_version = ssl.TLSVersion.TLSv1_2
        assert httpx.get(f"{address}/healthz", verify=old).status_code == 200


def test_where_clients_need_a_certificate_who_has_none_is_not_heard(files, world, tmp_path):
    worker = self_signed(tmp_path, "worker")
    context = server_context(*files, client_authority=worker[0])
    with serving(create_app(store=world.store, jobs=False), ssl=context) as address:
        trusted = ssl.create_default_context(cafile=files[0])
        with pytest.raises(httpx.HTTPError):
            httpx.get(f"{address}/healthz", verify=trusted)
        trusted.load_cert_chain(*worker)
        assert httpx.get(f"{address}/healthz", verify=trusted).status_code == 200


def open_to_others(files, tmp_path):
    files[1].chmod(0o644)
    return files


def of_another(files, tmp_path):
    return files[0], self_signed(tmp_path, "another")[1]


def over(files, tmp_path):
    return self_signed(tmp_path, "over", start=NOW - timedelta(days=9), end=NOW - timedelta(days=1))


def no_certificate(files, tmp_path):
    return files[1], files[1]


def absent(files, tmp_path):
    return tmp_path / "nothing.pem", files[1]


@pytest.mark.parametrize(
    ("spoil", "sentence"),
    [
        (open_to_others, "can be read by others; run chmod 600"),
        (of_another, "is not the key of the certificate"),
        (over, "install one that is valid today"),
        (no_certificate, "holds no certificate in PEM"),
        (absent, "cannot be read"),
    ],
)
def test_a_wrong_file_is_told_at_start(files, tmp_path, spoil, sentence):
    with pytest.raises(ConfigError, match=sentence):
        server_context(*spoil(files, tmp_path))


def test_a_wrong_authority_of_clients_is_told_at_start(files, tmp_path):
    with pytest.raises(ConfigError, match="of an authority"):
        server_context(*files, client_authority=files[1])


def test_the_command_hands_the_files_over(files, monkeypatch):
    from service.cli import main  # noqa: PLC0415

    served = {}
    monkeypatch.setattr(uvicorn.Server, "run", lambda self, *_, **__: served.update(config=self.config))
    assert main(["serve", "--port", "8443", "--certificate", str(files[0]), "--private-key", str(files[1])]) == 0
    assert served["config"].is_ssl
    assert main(["serve", "--certificate", str(files[0])]) == 2

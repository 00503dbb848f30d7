"""Streams over TLS from a real RTSP server: whose certificate is believed, and what is said of another one."""

from __future__ import annotations

import hashlib
import itertools
import socket
import threading
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from pydantic import ValidationError

from qyran.errors import ConfigError, MediaError
from tests.vision.clips import make_clip, write_units
from tests.vision.rtsp import RtspServer
from vision.camera import Camera
from vision.live_connect import LiveFault, connect
from vision.stream import Stream, StreamSettings
from vision.tls_relay import TlsRelay

QUICK = StreamSettings(
    open_timeout_s=5.0, read_timeout_s=1.0, stall_s=2.0, backoff_first_s=0.05, backoff_max_s=0.2, first_open="raise"
)
NOW = datetime.now(UTC)
OTHER = "sha256:" + "0" * 64


class Issued:
    """A certificate with its key, for an address; signed by itself or by another one."""

    def __init__(self, folder: Path, name: str, address: str = "127.0.0.1", by: Issued | None = None) -> None:
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        issuer, key = (self.name, self.key) if by is None else (by.name, by.key)
        made = (
            x509.CertificateBuilder().subject_name(self.name).issuer_name(issuer).public_key(self.key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(NOW - timedelta(days=1)).not_valid_after(NOW + timedelta(days=30))
            .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address(address))]), critical=False)
            .add_extension(x509.BasicConstraints(ca=by is None, path_length=None), critical=True)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(key.public_key()), critical=False)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(self.key.public_key()), critical=False)
        )  # fmt: skip
        certificate = made.sign(key, SHA256())
        pem = certificate.public_bytes(Encoding.PEM)
        self.pin = "sha256:" + hashlib.sha256(certificate.public_bytes(Encoding.DER)).hexdigest()
        self.path, self.alone = folder / f"{name}.pem", folder / f"{name}-alone.pem"
        self.alone.write_bytes(pem)
        self.path.write_bytes(pem + self.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tls")
    authority = Issued(folder, "authority")
    return {
        "authority": authority, "issued": Issued(folder, "issued", by=authority), "own": Issued(folder, "own"),
        "elsewhere": Issued(folder, "elsewhere", "10.0.0.1", by=authority),
    }  # fmt: skip


@pytest.fixture(scope="module")
def units(tmp_path_factory):
    folder = tmp_path_factory.mktemp("units")
    clip = make_clip(folder / "a.h264", count=50, gop=10, options={"bf": "0"})
    return write_units(folder / "units", clip)


def camera(url: str, certificate: str | None, credentials: str | None = None) -> Camera:
    given = {"id": "a", "name": "a", "stream": url, "certificate": certificate, "credentials": credentials}
    return Camera.model_validate(given)


def test_a_camera_whose_own_certificate_is_named_gives_its_pictures(made, units):
    with (
        RtspServer(units, certificate=made["own"].path) as server,
        Stream(camera(server.url, made["own"].pin), QUICK) as stream,
    ):
        assert server.url.startswith("rtsps:")
        assert len(list(itertools.islice(stream.frames(), 30))) == 30


def test_an_authority_of_the_city_vouches_for_its_cameras_and_a_password_goes_inside(made, units, tmp_path):
    secret = tmp_path / "secret"
    secret.write_text("viewer:a:b@c")
    secret.chmod(0o600)
    with RtspServer(units, "viewer", "a:b@c", certificate=made["issued"].path) as server:
        city = camera(server.url, f"file:{made['authority'].alone}", f"file:{secret}")
        with Stream(city, QUICK) as stream:
            assert len(list(itertools.islice(stream.frames(), 5))) == 5
        with pytest.raises(MediaError, match="refuses the user or password"):
            Stream(camera(server.url, f"file:{made['authority'].alone}"), QUICK)


@pytest.mark.parametrize(
    ("shows", "believed", "why"),
    [
        ("own", None, "self-signed"),
        ("issued", None, "unable to get local issuer"),
        ("own", "authority", "self-signed"),
        ("elsewhere", "authority", "IP address mismatch"),
        ("own", OTHER, "it is another one"),
    ],
)
def test_another_certificate_gives_no_picture_and_is_named_for_whoever_knows_it(made, units, shows, believed, why):
    said = f"file:{made[believed].alone}" if believed in made else believed
    with RtspServer(units, certificate=made[shows].path) as server:
        with pytest.raises(MediaError, match=f"not trusted .*{why}") as caught:
            Stream(camera(server.url, said), QUICK)
        assert f'certificate = "{made[shows].pin}"' in str(caught.value)
        with pytest.raises(LiveFault) as fault:
            connect(server.url, None, QUICK, said)
        assert fault.value.reason == "untrusted"


def test_a_camera_that_comes_back_with_another_certificate_is_not_read_again(made, units, monkeypatch):
    refused, twice = [], threading.Event()

    def watched(*given):
        try:
            return connect(*given)
        except LiveFault as fault:
            refused.append(fault.reason)
            if refused.count("untrusted") == 2:
                twice.set()
            raise

    monkeypatch.setattr("vision.live_stream.connect", watched)
    server = RtspServer(units, certificate=made["own"].path)
    try:
        with Stream(camera(server.url, made["own"].pin), QUICK) as stream:
            assert len(list(itertools.islice(stream.frames(), 3))) == 3
            server.kill()
            server.show(made["issued"].path)
            server.start()
            assert twice.wait(30)
            assert stream.counts.connections == 1
    finally:
        server.kill()


def test_what_speaks_no_tls_or_ends_at_once_is_no_stream(units, made):
    with RtspServer(units) as plain, pytest.raises(LiveFault):
        connect(plain.url.replace("rtsp:", "rtsps:"), None, QUICK, made["own"].pin)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        ends = threading.Thread(target=lambda: listener.accept()[0].close(), daemon=True)  # noqa: PLW0108 - waits
        ends.start()
        with pytest.raises(LiveFault):
            connect(f"rtsps://127.0.0.1:{listener.getsockname()[1]}/cam", None, QUICK, made["own"].pin)


def test_a_relay_that_nobody_takes_is_gone_with_its_close(made, units):
    with RtspServer(units, certificate=made["own"].path) as server:
        relay = TlsRelay("127.0.0.1", "127.0.0.1", server.port, made["own"].pin, 5.0)
        relay.close()
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", relay.port), 1.0)


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("sha256:" + "AB" * 32, "sha256:" + "ab" * 32),
        ("sha256:" + ":".join(["AB"] * 32), "sha256:" + "ab" * 32),
        ("file:/etc/ssl/city.pem", "file:/etc/ssl/city.pem"),
    ],
)
def test_a_certificate_is_named_by_its_fingerprint_or_by_its_authority(given, kept):
    assert camera("rtsps://10.0.0.1/1", given).certificate == kept


@pytest.mark.parametrize(
    "given", ["", "sha256:", "sha256:" + "ab" * 31, "sha256:" + "xy" * 32, "file:", "none", "md5:ab"]
)
def test_what_names_no_certificate_is_refused(given):
    with pytest.raises(ValidationError, match="64 digits"):
        camera("rtsps://10.0.0.1/1", given)


def test_an_authority_that_cannot_be_read_is_told_by_its_path(units, made):
    with RtspServer(units, certificate=made["own"].path) as server, pytest.raises(ConfigError, match="/nowhere"):
        connect(server.url, None, QUICK, "file:/nowhere")

"""Systems outside: mail server, broker, receivers, registers, the object store, and our own certificate."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Final
from urllib.parse import parse_qs, urlsplit

from cryptography import x509

from service.delivery_settings import read_delivery_file
from service.doctor.findings import Finding, Patient, note, ok, wrong
from service.exchange.push_settings import exchange_file
from service.notifying.checking import check_file
from service.notifying.routing import read_alerts_file
from service.sensors.settings import sensors_file

TIMEOUT_S: Final = 3.0
SOON: Final = timedelta(days=21)
PORTS: Final = {"https": 443, "http": 80, "mqtts": 8883, "mqtt": 1883, "smtp": 587, "smtps": 465}


def mail(patient: Patient) -> Iterator[Finding]:
    """The mail server of the delivery file: it answers, speaks TLS where it has to, and takes our name."""
    settings = patient.settings
    if settings is None or settings.delivery_file is None:
        yield note("mail_none")
        return
    file = read_delivery_file(settings.delivery_file)
    if file.email is None:
        yield note("mail_none")
        return
    yield from _reach("mail", "smtp", file.email.host, file.email.port)


def broker(patient: Patient) -> Iterator[Finding]:
    """The broker that sensors report to."""
    if patient.settings is None:
        return
    mqtt = sensors_file(patient.settings).mqtt
    if mqtt is None:
        yield note("broker_none")
        return
    yield from _reach("broker", mqtt.name, mqtt.host, mqtt.port, tls=mqtt.tls, ca_file=mqtt.ca_file)


def receivers(patient: Patient) -> Iterator[Finding]:
    """Who is told of alerts: the file is right, its secrets are there, each address answers."""
    if patient.settings is None:
        return
    path = patient.settings.alerts_file
    if path is None:
        yield note("receivers_none")
        return
    list(check_file(path))
    for one in read_alerts_file(path).receivers:
        url = getattr(one, "url", None)
        if url:
            yield from _reach_url("receiver", one.id, str(url), getattr(one, "ca_file", None))


def registers(patient: Patient) -> Iterator[Finding]:
    """Registers and gateways of the delivery file, and endpoints that the feed is pushed to."""
    settings = patient.settings
    if settings is None:
        return
    found: list[tuple[str, str]] = []
    if settings.delivery_file is not None:
        file = read_delivery_file(settings.delivery_file)
        peers = {"register": file.register_, "sms": file.sms, "vehicles": file.vehicles}
        found += [(name, str(peer.url)) for name, peer in peers.items() if peer is not None]
    if settings.exchange_file is not None:
        found += [(one.name, one.url) for one in exchange_file(settings).push]
    if not found:
        yield note("registers_none")
    for name, url in found:
        yield from _reach_url("peer", name, url)


def objects(patient: Patient) -> Iterator[Finding]:
    """The object store, where evidence does not lie in a folder."""
    where = getattr(patient.settings, "object_store", None)
    if not where:
        yield ok("objects_folder")
        return
    parts = urlsplit(str(where))
    endpoint = parse_qs(parts.query).get("endpoint", ["https://s3.amazonaws.com"])[0]
    yield from _reach_url("objects", parts.netloc, endpoint)


def certificate(patient: Patient) -> Iterator[Finding]:
    """The certificate that people's browsers see at the public address."""
    if patient.settings is None:
        return
    parts = urlsplit(patient.settings.public_url)
    host, port = parts.hostname or "", parts.port or PORTS[parts.scheme]
    if parts.scheme != "https":
        local = host in {"127.0.0.1", "localhost", "::1"}
        yield note("tls_local") if local else wrong("tls_none", url=patient.settings.public_url)
        return
    try:
        with socket.create_connection((host, port), TIMEOUT_S) as link:
            der = _certificate_of(link, host)
    except ssl.SSLCertVerificationError as error:
        yield wrong("tls_untrusted", host=host, reason=error.verify_message)
        return
    except OSError as error:
        yield wrong("tls_away", host=host, port=port, reason=_reason(error))
        return
    until = x509.load_der_x509_certificate(der).not_valid_after_utc
    values = {"host": host, "until": until.date()}
    yield (wrong("tls_ends", **values) if until - datetime.now(UTC) < SOON else ok("tls", **values))


def port(patient: Patient) -> Iterator[Finding]:
    """Whether the port the service is going to listen on is free."""
    if patient.port is None:
        return
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", patient.port))
        except OSError as error:
            yield wrong("port_taken", port=patient.port, reason=_reason(error))
            return
    yield ok("port", port=patient.port)


def _certificate_of(link: socket.socket, host: str) -> bytes:
    context = ssl.create_default_context()
    with context.wrap_socket(link, server_hostname=host) as spoken:
        return spoken.getpeercert(binary_form=True) or b""


def _reach_url(what: str, name: str, url: str, ca_file: object = None) -> Iterator[Finding]:
    parts = urlsplit(url)
    host = parts.hostname or ""
    port = parts.port or PORTS.get(parts.scheme, 443)
    yield from _reach(what, name, host, port, tls=parts.scheme in {"https", "mqtts", "smtps"}, ca_file=ca_file)


def _reach(
    what: str, name: str, host: str, port: int, *, tls: bool = False, ca_file: object = None
) -> Iterator[Finding]:
    """Whether somebody answers there, and with a certificate we believe where TLS is spoken; nothing is sent."""
    values = {"name": name, "host": host, "port": port}
    try:
        with socket.create_connection((host, port), TIMEOUT_S) as link:
            if tls:
                context = ssl.create_default_context(cafile=None if ca_file is None else str(ca_file))
                with context.wrap_socket(link, server_hostname=host):
                    pass
    except ssl.SSLError as error:
        yield wrong(f"{what}_untrusted", reason=getattr(error, "verify_message", None) or str(error.reason), **values)
    except OSError as error:
        yield wrong(f"{what}_away", reason=_reason(error), **values)
    else:
        yield ok(f"{what}_answers", **values)


def _reason(error: OSError) -> str:
    return (error.strerror or str(error) or type(error).__name__).rstrip(".")

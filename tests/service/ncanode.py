"""A stand-in for NCANode: verifies a detached CMS for real, against an authority of tests, and answers as it would."""

from __future__ import annotations

import base64
import json
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from asn1crypto import cms as asn1_cms
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256, Hash

from evidence.certificates import Trust, fault_of
from tests.service.certificates import NOW, Authority


def judge(cms: bytes, data: bytes, authority: Authority, revoked: set[int]) -> dict:
    """The answer of ``POST /cms/verify``."""
    signed = asn1_cms.ContentInfo.load(cms)["content"]
    who = signed["signer_infos"][0]
    certificate = x509.load_der_x509_certificate(signed["certificates"][0].chosen.dump())
    digest = Hash(SHA256())
    digest.update(data)
    told = next(one["values"][0].native for one in who["signed_attrs"] if one["type"].native == "message_digest")
    fits = told == digest.finalize()
    try:
        content = _set_of(who["signed_attrs"])
        certificate.public_key().verify(who["signature"].native, content, ec.ECDSA(SHA256()))
    except InvalidSignature:
        fits = False
    chain = fault_of(certificate, Trust((authority.certificate,)), NOW) in {None, "wrong_usage"}
    usage = certificate.extensions.get_extension_for_class(x509.KeyUsage).value
    gone = certificate.serial_number in revoked
    own = {
        "valid": chain and not gone,
        "revocations": [{"revoked": gone, "by": "OCSP"}],
        "notBefore": certificate.not_valid_before_utc.isoformat(timespec="milliseconds"),
        "notAfter": certificate.not_valid_after_utc.isoformat(timespec="milliseconds"),
        "keyUsage": "SIGN" if usage.content_commitment else "AUTH",
        "serialNumber": f"{certificate.serial_number:x}",
        "subject": {"commonName": "ТЕСТ"},
    }
    return {"status": 200, "valid": fits and own["valid"], "signers": [{"certificates": [own]}]}


def _set_of(attributes) -> bytes:
    """Signed attributes as they are signed: under the tag of a SET."""
    return b"\x31" + attributes.dump()[1:]


@contextmanager
def ncanode(authority: Authority, revoked: set[int]):
    """Yields the address of the service."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["content-length"])))
            assert (self.path, body["revocationCheck"]) == ("/cms/verify", ["OCSP"])
            answer = judge(base64.b64decode(body["cms"]), base64.b64decode(body["data"]), authority, revoked)
            data = json.dumps(answer).encode()
            self.send_response(200)
            self.send_header("content-length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()

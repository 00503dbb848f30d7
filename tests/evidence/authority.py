"""A real time stamp authority: OpenSSL's `ts` behind a small HTTP server."""

from __future__ import annotations

import subprocess
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

from cryptography import x509

CONFIG = """
[ca]
basicConstraints = critical,CA:TRUE
keyUsage = critical,keyCertSign
[tsa]
basicConstraints = critical,CA:FALSE
extendedKeyUsage = critical,timeStamping
keyUsage = critical,digitalSignature
[ts]
default_tsa = made
[made]
serial = {folder}/serial
crypto_device = builtin
signer_cert = {folder}/tsa.pem
certs = {folder}/ca.pem
signer_key = {folder}/tsa.key
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256
accuracy = secs:1
ess_cert_id_alg = {ess}
"""


def run(*words: str | Path, folder: Path) -> None:
    subprocess.run(["openssl", *map(str, words)], cwd=folder, check=True, capture_output=True)


class Authority:
    """Certificates and key of an authority in a folder, and the tokens it makes."""

    def __init__(self, folder: Path, *, curve: bool = False, ess: str = "sha256") -> None:
        self.folder, self.answers = folder, 0
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "openssl.cnf").write_text(CONFIG.format(folder=folder, ess=ess))
        (folder / "serial").write_text("01")
        key = ["ec", "-pkeyopt", "ec_paramgen_curve:P-256"] if curve else ["rsa:2048"]
        for name, extensions in (("ca", "ca"), ("tsa", "tsa")):
            issuer = [] if name == "ca" else ["-CA", "ca.pem", "-CAkey", "ca.key"]
            run(
                "req", "-x509", "-newkey", *key, "-noenc", "-keyout", f"{name}.key", "-out", f"{name}.pem",
                "-subj", f"/CN=Qyran test {name}", "-days", "30", "-config", "/etc/ssl/openssl.cnf", *issuer,
                "-extensions", extensions, "-config", "req.cnf", folder=self._with_request_config(),
            )  # fmt: skip

    def _with_request_config(self) -> Path:
        text = "[req]\ndistinguished_name = dn\n[dn]\n" + (self.folder / "openssl.cnf").read_text()
        (self.folder / "req.cnf").write_text(text)
        return self.folder

    @property
    def certificates(self) -> tuple[x509.Certificate, ...]:
        return (x509.load_pem_x509_certificate((self.folder / "ca.pem").read_bytes()),)

    def answer(self, request: bytes) -> bytes:
        self.answers += 1
        (self.folder / "request.tsq").write_bytes(request)
        run(
            "ts", "-reply", "-queryfile", "request.tsq", "-config", "openssl.cnf", "-section", "made",
            "-out", "answer.tsr", folder=self.folder,
        )  # fmt: skip
        return (self.folder / "answer.tsr").read_bytes()


@contextmanager
def served(answer, *, status: int = 200):
    """The address of a server that answers each POST by `answer(body)`."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = answer(self.rfile.read(int(self.headers["content-length"])))
            self.send_response(status)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/tsa"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()

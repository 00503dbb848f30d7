"""Signs decisions with a PKCS#11 token, in a process of its own: for test_document_signer."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path

import pkcs11
from pkcs11 import Attribute, CertificateType, ObjectClass

from qyran.roles import Actor, Role
from service import signing
from service.settings import load_settings
from service.store.database import open_store


def main() -> None:
    module, home, certificate, officer, *cases = sys.argv[1:]
    token = pkcs11.lib(module).get_token(token_label="qyran")
    with token.open(rw=True, user_pin="4321") as session:
        session.create_object({
            Attribute.CLASS: ObjectClass.CERTIFICATE, Attribute.CERTIFICATE_TYPE: CertificateType.X_509,
            Attribute.TOKEN: True, Attribute.LABEL: "seal", Attribute.ID: b"\xa1",
            Attribute.SUBJECT: b"", Attribute.VALUE: Path(certificate).read_bytes(),
        })  # fmt: skip
    settings = load_settings(home=Path(home), signing_file=Path(home) / "signing.toml", second_look_share=0)
    store = open_store(settings, clock=lambda: datetime(2026, 11, 22, 9, tzinfo=UTC))
    actor = Actor(officer, frozenset({Role.POLICE_OFFICER}))
    for case in cases:
        sys.stdout.write(f"{signing.issue(store, actor, case).document_no}\n")


if __name__ == "__main__":
    main()

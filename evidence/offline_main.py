"""Check an export of evidence: python verify.py [EXPORT.zip] --key PUBLISHED_KEY.pem [--authority AUTHORITY.pem].

Needs Python 3.11 or newer and the package `cryptography`; no network. Ends with 0 where all is intact, 1 with the files
that are not, 2 where it could not look.
"""

from __future__ import annotations

import argparse
import hashlib
import sys
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_public_key

from evidence.offline import Found, Keys, check_export
from evidence.words import LANGUAGES, Language, sentence


def main() -> int:
    """Check what the command line names; the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("path", nargs="?", type=Path, default=Path(__file__).resolve().parent)
    parser.add_argument("--key", type=Path, action="append", default=[], help="public key the police publish (PEM)")
    parser.add_argument("--authority", type=Path, action="append", default=[], help="time stamp authority (PEM)")
    parser.add_argument("--lang", choices=LANGUAGES, default="en")
    given = parser.parse_args()
    try:
        own = sorted((Path(__file__).resolve().parent / "keys").glob("*.pem")) if not given.key else []
        keys = dict(_key(path) for path in given.key or own)
        authorities = [one for path in given.authority for one in x509.load_pem_x509_certificates(path.read_bytes())]
        faults, notes, count = check_export(given.path, Keys(keys, authorities))
    except (OSError, ValueError) as error:
        sys.stderr.write(f"verify: {error}\n")
        return 2
    if not given.key:
        notes += [Found("keys", "key_from_export", (("key", name),)) for name in keys]
    for fault in faults:
        sys.stdout.write(said(fault, given.lang) + "\n")
    if not faults:
        sys.stdout.write(f"{sentence(given.lang, 'intact', {'count': count})}\n")
    for note in notes:
        sys.stdout.write(f"{sentence(given.lang, 'note', {})}: {said(note, given.lang)}\n")
    return 1 if faults else 0


def said(found: Found, language: Language) -> str:
    """A finding as one sentence that begins with the file."""
    return f"{found.name}: {sentence(language, found.code, dict(found.values))}"


def _key(path: Path) -> tuple[str, Ed25519PublicKey]:
    key = load_pem_public_key(path.read_bytes())
    if not isinstance(key, Ed25519PublicKey):
        raise ValueError(f"{path} is no Ed25519 public key")  # noqa: TRY004 - the file is wrong, no type
    return hashlib.sha256(key.public_bytes(Encoding.Raw, PublicFormat.Raw)).hexdigest(), key


if __name__ == "__main__":
    raise SystemExit(main())

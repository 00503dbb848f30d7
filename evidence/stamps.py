"""The time stamp of a package: a token over its manifest in a file of its own, signed by the installation.

It comes after the package, since an authority may be away for hours. ``stamp.json`` is canonical JSON, and the
installation's signature covers the whole token, also those of its bytes that the authority's signature does not.
"""

from __future__ import annotations

import base64
import binascii
from pathlib import Path
from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, StringConstraints, ValidationError

from evidence.canonical import canonical_json, strict_json
from evidence.keys import Signer, Trust
from evidence.manifest import Sha256
from evidence.timestamp import Stamp, TokenFault, check_token
from evidence.whole import whole_file

STAMP: Final = "stamp.json"
STAMP_SPARE: Final = ".stamp.part"
"""What a kill may leave beside a package that was being stamped: no part of it."""
MAX_BYTES: Final = 2 << 20


class StampFile(BaseModel):
    """What ``stamp.json`` holds."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    format: Literal["qyran-stamp/1"] = "qyran-stamp/1"
    manifest_sha256: Sha256
    token: Annotated[str, StringConstraints(min_length=1)]
    key: Sha256
    signature: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{128}$")]

    @property
    def message(self) -> bytes:
        """What the installation signed."""
        return canonical_json({"format": self.format, "manifest_sha256": self.manifest_sha256, "token": self.token})

    @property
    def token_bytes(self) -> bytes:
        """The token, DER.

        Raises:
            ValueError: it is no base64.
        """
        return base64.b64decode(self.token, validate=True)


def write_stamp(folder: Path, manifest_sha256: str, token: bytes, signer: Signer) -> None:
    """Put a token beside a package's manifest, in one step; another one is replaced.

    Raises:
        OSError: the disk refused.
    """
    text = base64.b64encode(token).decode("ascii")
    bare = StampFile(manifest_sha256=manifest_sha256, token=text, key=signer.key_id, signature="0" * 128)
    signed = bare.model_copy(update={"signature": signer.sign(bare.message).hex()})
    whole_file(folder / STAMP, canonical_json(signed.model_dump()), spare_name=STAMP_SPARE)


def read_stamp(data: bytes) -> StampFile:
    """Read the bytes of ``stamp.json``.

    Raises:
        ValueError: they are none, or not written in the one canonical way.
    """
    try:
        read = StampFile.model_validate(strict_json(data))
    except ValidationError:
        raise ValueError("no stamp") from None
    if canonical_json(read.model_dump()) != data:
        raise ValueError("not canonical")
    return read


def check_stamp(data: bytes, manifest_sha256: str, trust: Trust) -> Stamp:
    """Check the bytes of ``stamp.json`` against a manifest.

    Args:
        data: the file's bytes.
        manifest_sha256: of the manifest as it lies there.
        trust: keys that may sign, and authorities that may stamp.

    Raises:
        TokenFault: why it proves nothing.
    """
    try:
        held = read_stamp(data)
        token = held.token_bytes
    except (ValueError, binascii.Error, TypeError, RecursionError):
        raise TokenFault("stamp_unreadable") from None
    if held.key not in trust.keys:
        raise TokenFault("stamp_unknown_key")
    if not trust.accepts(held.key, bytes.fromhex(held.signature), held.message):
        raise TokenFault("stamp_altered")
    if held.manifest_sha256 != manifest_sha256:
        raise TokenFault("stamp_other")
    said = check_token(token, manifest_sha256, trust.authorities)
    if trust.authorities and not said.anchored:
        raise TokenFault("stamp_untrusted")
    return said

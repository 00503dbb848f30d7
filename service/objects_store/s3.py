"""An S3-compatible object store: ``s3://bucket/prefix?endpoint=https://host&region=...&sse=AES256&lock_days=30``.

Each object carries its SHA-256, which the server checks as it takes it. `sse` asks the server to encrypt at rest
(``AES256`` or ``aws:kms``); `lock_days` puts every object under the store's own lock (governance) for so long.
"""

from __future__ import annotations

import base64
import hashlib
import mimetypes
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final, Self
from urllib.parse import parse_qs, urlsplit

from evidence.canonical import file_sha256
from qyran.errors import ConfigError
from service.objects_store.port import PIECE, Found, ObjectsAway

CONNECT_S: Final = 3.0
READ_S: Final = 20.0
TRIES: Final = 2
KNOWN: Final = frozenset({"endpoint", "region", "sse", "lock_days"})
AT_ONCE: Final = 1000
"""Keys that one request deletes."""
MISSING: Final = frozenset({"404", "NoSuchKey", "NotFound"})


@dataclass(frozen=True, slots=True)
class Place:
    """What an address says."""

    bucket: str
    prefix: str
    endpoint: str | None
    region: str
    sse: str | None
    lock_days: int

    @classmethod
    def of(cls, url: str) -> Self:
        """Read an address.

        Raises:
            ConfigError: it is none.
        """
        parts = urlsplit(url)
        given = {key: values[-1] for key, values in parse_qs(parts.query, strict_parsing=bool(parts.query)).items()}
        if parts.scheme != "s3" or not parts.netloc or "@" in parts.netloc or given.keys() - KNOWN:
            raise ConfigError("An object store is named as s3://bucket/prefix?endpoint=https://host, without secrets.")
        lock = given.get("lock_days", "0")
        if not lock.isdecimal() or given.get("sse") not in {None, "AES256", "aws:kms"}:
            raise ConfigError("Of an object store, lock_days is a number of days and sse is AES256 or aws:kms.")
        prefix = parts.path.strip("/")
        return cls(
            parts.netloc,
            f"{prefix}/" if prefix else "",
            given.get("endpoint"),
            given.get("region", "us-east-1"),
            given.get("sse"),
            int(lock),
        )


class S3Objects:
    """Objects of a bucket; thread-safe."""

    def __init__(self, url: str, key_id: str, secret: str) -> None:
        """Prepare the client; nothing is asked yet.

        Raises:
            ConfigError: the address is none, or boto3 (the extra `s3`) is not installed.
        """
        try:
            import boto3  # noqa: PLC0415  an extra
            from botocore.config import Config  # noqa: PLC0415
        except ImportError:
            raise ConfigError("An object store needs boto3: install the extra `s3`.") from None
        self._place = Place.of(url)
        self.name = f"s3://{self._place.bucket}"
        config = Config(
            connect_timeout=CONNECT_S,
            read_timeout=READ_S,
            retries={"total_max_attempts": TRIES},
            s3={"addressing_style": "path"} if self._place.endpoint else {},
            max_pool_connections=32,
        )
        self._client: Any = boto3.client(
            "s3",
            endpoint_url=self._place.endpoint,
            region_name=self._place.region,
            aws_access_key_id=key_id,
            aws_secret_access_key=secret,
            config=config,
        )

    def put(self, key: str, path: Path) -> str:
        """See `ObjectStore.put`."""
        sha256 = file_sha256(path)
        more: dict[str, Any] = {}
        if self._place.sse:
            more["ServerSideEncryption"] = self._place.sse
        if self._place.lock_days:
            until = datetime.now(UTC) + timedelta(days=self._place.lock_days)
            more |= {"ObjectLockMode": "GOVERNANCE", "ObjectLockRetainUntilDate": until, "ContentMD5": _md5(path)}
        with self._asking(), path.open("rb") as file:
            self._client.put_object(
                Bucket=self._place.bucket,
                Key=self._place.prefix + key,
                Body=file,
                ContentType=mimetypes.guess_type(path.name)[0] or "application/octet-stream",
                ChecksumSHA256=base64.b64encode(bytes.fromhex(sha256)).decode(),
                Metadata={"sha256": sha256},
                **more,
            )
            there = self._client.head_object(Bucket=self._place.bucket, Key=self._place.prefix + key)
        if there["ContentLength"] != path.stat().st_size or there["Metadata"].get("sha256") != sha256:
            raise ObjectsAway(f"{self.name} holds something else than was put under {key}")
        return sha256

    def read(self, key: str, start: int = 0, end: int | None = None) -> Iterator[bytes]:
        """See `ObjectStore.read`."""
        more = {} if (start, end) == (0, None) else {"Range": f"bytes={start}-{'' if end is None else end - 1}"}
        with self._asking():
            body = self._client.get_object(Bucket=self._place.bucket, Key=self._place.prefix + key, **more)["Body"]
            try:
                yield from body.iter_chunks(PIECE)
            finally:
                body.close()

    def find(self, prefix: str) -> Iterator[Found]:
        """See `ObjectStore.find`; the SHA-256 is asked for by `hash_of`, one request each."""
        pages = self._client.get_paginator("list_objects_v2")
        with self._asking():
            for page in pages.paginate(Bucket=self._place.bucket, Prefix=self._place.prefix + prefix):
                for one in page.get("Contents", ()):
                    yield Found(one["Key"].removeprefix(self._place.prefix), one["Size"], None)

    def hash_of(self, key: str) -> str | None:
        """The SHA-256 that an object was put with; None where there is none."""
        try:
            with self._asking():
                head = self._client.head_object(Bucket=self._place.bucket, Key=self._place.prefix + key)
        except FileNotFoundError:
            return None
        found = head["Metadata"].get("sha256")
        return None if found is None else str(found)

    def delete(self, prefix: str) -> int:
        """See `ObjectStore.delete`."""
        keys = [one.key for one in self.find(prefix)]
        self.drop(keys)
        return len(keys)

    def below(self, prefix: str) -> list[str]:
        """See `ObjectStore.below`."""
        pages = self._client.get_paginator("list_objects_v2")
        whole = self._place.prefix + prefix
        with self._asking():
            found = [
                one["Prefix"].removeprefix(whole).rstrip("/")
                for page in pages.paginate(Bucket=self._place.bucket, Prefix=whole, Delimiter="/")
                for one in page.get("CommonPrefixes", ())
            ]
        return sorted(found)

    def drop(self, keys: Sequence[str]) -> None:
        """See `ObjectStore.drop`."""
        for start in range(0, len(keys), AT_ONCE):
            named = [{"Key": self._place.prefix + key} for key in keys[start : start + AT_ONCE]]
            with self._asking():
                answer = self._client.delete_objects(
                    Bucket=self._place.bucket, Delete={"Objects": named, "Quiet": True}
                )
            if answer.get("Errors"):
                raise ObjectsAway(f"{self.name} keeps {len(answer['Errors'])} objects: {answer['Errors'][0]['Code']}")

    @contextmanager
    def _asking(self) -> Iterator[None]:
        from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415

        try:
            yield
        except ClientError as error:
            code = str(error.response.get("Error", {}).get("Code", "unknown"))
            if code in MISSING:
                raise FileNotFoundError(f"{self.name} has no such object.") from None
            raise ObjectsAway(f"{self.name} refuses: {code}") from None
        except BotoCoreError as error:
            raise ObjectsAway(f"{self.name} does not answer: {type(error).__name__}") from None


def _md5(path: Path) -> str:
    """What the protocol asks for beside a lock; the SHA-256 is what counts."""
    with path.open("rb") as file:
        return base64.b64encode(hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).digest()).decode()

"""A reader as the centre's developers would write one from docs/exchange.md: httpx and nothing of this project."""

from __future__ import annotations

import json
import time

import httpx


def read_on(address: str, token: str, lines: list[str], cursor: str | None = None, *, limit: int = 7) -> str | None:
    """Read everything that is there now, going on from a cursor; where the server is away, come back to it."""
    headers = {"authorization": f"Bearer {token}"}
    with httpx.Client(base_url=address, headers=headers, timeout=10) as client:
        while True:
            try:
                asked = {"limit": limit} if cursor is None else {"limit": limit, "cursor": cursor}
                answer = client.get("/api/v1/exchange/feed", params=asked)
                answer.raise_for_status()
            except httpx.HTTPError:
                return cursor
            got = answer.text.splitlines()
            assert len(got) == int(answer.headers["qyran-count"])
            lines += got
            cursor = answer.headers["qyran-cursor"]
            if answer.headers["qyran-more"] == "false":
                return cursor


def read_until(address: str, token: str, lines: list[str], last_subject: str, cursor: str | None) -> str | None:
    """Read and wait until a subject was told about."""
    seen = 0
    until = time.monotonic() + 60
    while time.monotonic() < until:
        cursor = read_on(address, token, lines, cursor)
        if any(json.loads(line)["subject"] == last_subject for line in lines[seen:]):
            return cursor
        seen = len(lines)
    raise AssertionError(f"{last_subject} was not told")

"""What one request may cost before anybody has looked at it: its line, its headers, its body, its time, its number.

A body is counted while it comes and is never read further than it may go; a body that trickles is cut off. What is
counted by address holds for everybody, what is counted by account stands in `service.api.deps` and `service.web.visit`.
"""

from __future__ import annotations

import asyncio
from time import monotonic
from typing import Final

from fastapi import Request
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.api.problems import problem
from service.doors import Door
from service.rates import Rate, Rates, TooOften
from service.settings import Settings

MOST_LINE: Final = 4 << 10
"""Bytes of path and query; the longest search of ours has some 700."""
MOST_HEADERS: Final = 100
MOST_HEADER_BYTES: Final = 32 << 10
MOST_BODY: Final = 1 << 20
"""Bytes of a body where nothing else is said."""
AROUND: Final = 64 << 10
"""What a form puts around a file."""
LARGER: Final[tuple[tuple[str, int], ...]] = (
    ("/api/v1/imports/", 33 << 20),
    ("/imports", (32 << 20) + AROUND),
    ("/exchange/days/", (64 << 20) + AROUND),
    ("/api/v1/exchange/reconciliation", 64 << 20),
    ("/deliveries/receipts", (16 << 20) + AROUND),
    ("/objects/", (16 << 20) + AROUND),
    ("/faces/", (1 << 20) + AROUND),
    ("/api/v1/faces/", 2 << 20),
    ("/api/v1/device-records", 48 << 20),  # pictures in base64
    ("/api/v1/registers/", 32 << 20),
    ("/api/v1/parking-payments", 16 << 20),
    ("/api/v1/fine-payments", 16 << 20),
    ("/api/v1/cases/", 4 << 20),  # signatures in base64
    ("/cases/", 4 << 20),
    ("/api/v1/worker/", 256 << 20),  # an evidence package, streamed to disk
)
"""Where more may come, by the beginning of the path; the first that fits holds."""
GRACE_S: Final = 30.0
LEAST_PER_S: Final = 8 << 10
"""A body has so long, and a second more for each of these bytes that came: the slowest line of an office is faster."""
STATIC: Final = "/static/"
SEEN: Final = frozenset({"/healthz", "/health/live", "/health/ready", "/metrics"})
"""What machines watch the service by is counted nowhere."""
APART: Final = {"/api/v1/worker/beat": "beats", "/api/v1/worker/live": "live"}
"""Counted apart: a machine that catches up on its events must not lose its cameras over it, nor over what it shows."""


def most_body(path: str) -> int:
    """Bytes the body of a request to a path may have."""
    return next((most for start, most in LARGER if path.startswith(start)), MOST_BODY)


class Limits:
    """Refuses what costs too much."""

    def __init__(self, app: ASGIApp, *, rates: Rates, by_address: Rate) -> None:
        self._app, self._rates, self._by_address = app, rates, by_address

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        refused = self._refused(scope)
        if refused is not None:
            status, title, detail, headers = refused
            kind = title.lower().replace(" ", "-")
            answer = problem(Request(scope), status, kind, title, detail, headers=headers)
            await answer(scope, receive, send)
            return
        await self._app(scope, _counted(receive, most_body(scope["path"])), send)

    def _refused(self, scope: Scope) -> tuple[int, str, str, dict[str, str]] | None:
        """Status, title, sentence and headers of a refusal before anything of the body is read."""
        headers: list[tuple[bytes, bytes]] = scope["headers"]
        if len(scope.get("raw_path") or b"") + len(scope["query_string"]) > MOST_LINE:
            return 414, "URI Too Long", f"An address has {MOST_LINE} bytes at most.", {}
        if len(headers) > MOST_HEADERS or sum(len(name) + len(value) for name, value in headers) > MOST_HEADER_BYTES:
            return 431, "Request Header Fields Too Large", f"The headers have {MOST_HEADER_BYTES} bytes at most.", {}
        told = next((value for name, value in headers if name == b"content-length"), b"0")
        most = most_body(scope["path"])
        if not told.isdigit() or int(told) > most:
            return 413, "Content Too Large", f"A request to this address has {most} bytes at most.", {}
        if scope["path"].startswith(STATIC) or scope["path"] in SEEN:
            return None
        try:
            counted = APART.get(scope["path"], "address")
            self._rates.ask(f"{counted}:{(scope.get('client') or ('', 0))[0]}", self._by_address)
        except TooOften as often:
            return 429, "Too Many Requests", str(often), {"Retry-After": str(often.wait_s)}
        return None


def count(request: Request, user_id: str, door: Door) -> None:
    """Count a request of somebody who is logged in.

    Raises:
        TooOften: he asks, or searches, oftener than a person does.
    """
    rates: Rates = request.app.state.rates
    settings: Settings = request.app.state.store.settings
    rates.ask(f"account:{user_id}", Rate(settings.account_requests, settings.account_requests))
    if door.searches:
        rates.ask(f"searches:{user_id}", Rate(settings.account_searches, settings.account_searches))


def _counted(receive: Receive, most: int) -> Receive:
    """The body as it comes, counted and timed."""
    had, began, whole = 0, monotonic(), False

    async def counted() -> Message:
        nonlocal had, whole
        if whole:
            return await receive()  # waits for the end of the connection, however long
        left = GRACE_S + had / LEAST_PER_S - (monotonic() - began)
        try:
            message = await asyncio.wait_for(receive(), max(left, 0.01))
        except TimeoutError:
            raise HTTPException(408) from None
        if message["type"] == "http.request":
            had += len(message.get("body", b""))
            whole = not message.get("more_body", False)
            if had > most:
                raise HTTPException(413)
        return message

    return counted

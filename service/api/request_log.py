"""Each request by its id: what is logged while it is answered carries it, and so does the answer.

`X-Request-ID` of a proxy or a caller is taken over where it is one; else one is made. The line of an answered request
names the route as it stands in the code, never the path, the query or the address of a person.
"""

from __future__ import annotations

import logging
import re
from time import monotonic
from typing import Any, Final
from uuid import uuid4

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.logs import bind
from service.metrics.instruments import REQUEST_SECONDS, REQUESTS, REQUESTS_NOW

HEADER: Final = "X-Request-ID"
TAKEN: Final = re.compile(r"[A-Za-z0-9._-]{8,64}")
"""Ids of others that are taken over: no spaces, no quotes, no lines."""
METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
NOWHERE: Final = "none"
"""Route of a request that no route answers."""
STATIC: Final = "/static/"
QUIET: Final = frozenset({"/health/live", "/health/ready", "/healthz", "/metrics", "/static"})
"""Asked again and again by machines: counted, and logged only where they fail."""
MACHINES: Final = frozenset({"/api/v1/worker/beat", "/api/v1/worker/live"})
"""Said many times a second by machines that watch: counted, and logged where they are refused."""
WAITS: Final = ("GET", "/api/v1/worker/live")
"""Answered when there is something to say: how long that takes says nothing of the service."""
STREAMS: Final = ("text/event-stream", "application/vnd.qyran.live", "video/")
"""Answers that last as long as somebody watches."""

log = logging.getLogger("qyran.access")


class RequestLog:
    """Gives each request an id, logs and counts it."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        given = Headers(scope=scope).get(HEADER, "")
        request = given if TAKEN.fullmatch(given) else str(uuid4())
        scope.setdefault("state", {})["request_id"] = request
        answer = _Answer()

        async def send_marked(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers[HEADER] = request
                answer.status, answer.kind = message["status"], headers.get("content-type", "")
            await send(message)

        began = monotonic()
        with bind(request=request), REQUESTS_NOW.track_inprogress():
            try:
                await self._app(scope, receive, send_marked)
            finally:
                _tell(scope, answer, monotonic() - began)


class _Answer:
    """What was answered; 500 until something was."""

    __slots__ = ("kind", "status")

    def __init__(self) -> None:
        self.status, self.kind = 500, ""


def route_of(scope: Scope) -> str:
    """The route as it stands in the code, with the names of its gaps."""
    if scope["path"].startswith(STATIC):
        return STATIC.rstrip("/")
    context: Any = scope.get("fastapi", {}).get("effective_route_context")
    path = getattr(context, "path", None) or getattr(scope.get("route"), "path", None)
    return path if isinstance(path, str) else NOWHERE


def _tell(scope: Scope, answer: _Answer, seconds: float) -> None:
    method = scope["method"] if scope["method"] in METHODS else "OTHER"
    route = route_of(scope)
    REQUESTS.labels(method, route, str(answer.status)).inc()
    if not answer.kind.startswith(STREAMS) and (method, route) != WAITS:
        REQUEST_SECONDS.labels(method, route).observe(seconds)
    if (route in QUIET and answer.status < 500) or (route in MACHINES and answer.status < 400):
        return
    level = logging.WARNING if answer.status >= 500 else logging.INFO
    fields = {"method": method, "route": route, "status": answer.status, "ms": round(1000 * seconds, 1)}
    log.log(level, "%s %s %d", method, route, answer.status, extra=fields | _ids(scope))


def _ids(scope: Scope) -> dict[str, str]:
    """Ids of records that the path names; nothing else of a path is written."""
    given = scope.get("path_params") or {}
    named = {"case": "case_id", "alert": "alert_id", "camera": "camera_id", "event": "event_id"}
    return {field: str(given[name]) for field, name in named.items() if name in given}

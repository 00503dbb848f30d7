"""Requests to the application itself, without a network: any method, any path, any bytes, streams left after their
first piece. What a server in front would refuse comes through here."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import unquote_to_bytes

import httpx

from qyran.roles import Role
from service.store.tables import AppUser
from tests.service.web.conftest import BASE, PERSON
from tests.service.world import PASSWORD

STREAMS = (b"text/event-stream", b"multipart/x-mixed-replace", b"video/")


@dataclass
class Session:
    """Somebody's browser: a cookie and the token of its forms."""

    role: str
    user_id: str
    username: str
    cookie: str
    csrf: str

    @property
    def headers(self) -> dict[str, str]:
        return {"cookie": f"qyran={self.cookie}; qyran_language=en", "x-csrf-token": self.csrf}


class Asker:
    """Asks one application on one event loop."""

    def __init__(self, app) -> None:
        self.app = app
        self._loop = asyncio.new_event_loop()

    def __enter__(self):
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.run_until_complete(self._loop.shutdown_default_executor())
        self._loop.close()

    def send(self, request: httpx.Request, *, address: str = "127.0.0.1") -> httpx.Response:
        """The answer to one request; an exception nobody caught is the test's failure."""
        return self._loop.run_until_complete(self._answer(request, address))

    def ask(
        self, method: str, path: str, *, by: Session | None = None, headers=None, raw: bool = False, **named
    ) -> httpx.Response:
        """One request; a raw path goes out as it is written."""
        sent = {"accept-language": "en", **(by.headers if by else {}), **(headers or {})}
        extensions = {"raw": path.encode()} if raw else {}
        return self.send(
            httpx.Request(method, BASE + ("/" if raw else path), headers=sent, extensions=extensions, **named)
        )

    def log_in(self, world, role: str, **changes: object) -> Session:
        actor = world.person(*PERSON[role], language="en", **changes)
        return self.session_of(world, role, actor.id)

    def session_of(self, world, role: str, user_id: str) -> Session:
        with world.store.read() as work:
            name = work.session.get_one(AppUser, user_id).username
        answer = self.ask("POST", "/api/v1/session", json={"username": name, "password": PASSWORD})
        assert answer.status_code == 201, answer.text
        return Session(role, user_id, name, answer.cookies["qyran"], answer.json()["csrf"])

    async def _answer(self, request: httpx.Request, address: str) -> httpx.Response:
        content = await request.aread() if request.stream is not None else b""
        raw, _, query = request.extensions.get("raw", request.url.raw_path).partition(b"?")
        scope = {
            "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": request.method,
            "scheme": request.url.scheme, "path": unquote_to_bytes(raw).decode("utf-8", "replace"), "raw_path": raw,
            "query_string": query, "root_path": "", "client": (address, 50000), "server": ("127.0.0.1", 8000),
            "headers": [(name.lower(), value) for name, value in request.headers.raw],
        }  # fmt: skip
        told, left = False, asyncio.Event()
        status, headers, body = 0, [], bytearray()

        async def receive():
            nonlocal told
            if not told:
                told = True
                return {"type": "http.request", "body": content, "more_body": False}
            await left.wait()
            return {"type": "http.disconnect"}

        async def send(message):
            nonlocal status, headers
            if message["type"] == "http.response.start":
                status, headers = message["status"], list(message["headers"])
            else:
                body.extend(message.get("body", b""))
                kind = dict(headers).get(b"content-type", b"")
                if not message.get("more_body") or kind.startswith(STREAMS):
                    left.set()

        try:
            await self.app(scope, receive, send)
        except Exception:  # the application answered first: its status is what counts
            if not status:
                raise
        answer = httpx.Response(status, headers=headers, content=bytes(body), request=request)
        answer.elapsed = timedelta()  # the network's, of which there is none
        return answer


def roles_of(names) -> dict[str, Role]:
    return {name: PERSON[name][0] for name in names}

"""A stand-in for NCALayer: a web socket on this machine over TLS, which answers as the program does and really signs.

RFC 6455 as far as a browser needs it: the handshake, masked text frames in any number of pieces, and the closing.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
import ssl
import threading
from contextlib import contextmanager
from pathlib import Path

from tests.service.smtp_server import make_certificate

PORT = 13579
GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"  # RFC 6455, 1.3
TEXT, CLOSE, FIN = 1, 8, 0x80


class NCALayer:
    """What it was asked; `answers` says what it does: sign, cancel, fail, babble, die or old."""

    def __init__(self, sign) -> None:
        self.sign, self.asked, self.does = sign, [], "sign"

    def answer(self, request: dict) -> str | None:
        self.asked.append(request)
        basics = request["module"].endswith("basics")
        if self.does == "old" and basics:
            return json.dumps({"code": "500", "message": "module not found"})
        return OTHERWISE[self.does] if self.does in OTHERWISE else self.signed(request["args"], basics=basics)

    def signed(self, args, *, basics: bool) -> str:
        cms = base64.encodebytes(self.sign(base64.b64decode(args["data"] if basics else args[2]))).decode()
        if basics:
            framed = f"-----BEGIN CMS-----\n{cms}-----END CMS-----\n"
            return json.dumps({"status": True, "body": {"result": [framed]}})
        return json.dumps({"code": "200", "responseObject": cms})


OTHERWISE = {
    "cancel": json.dumps({"status": True, "body": {}}),
    "fail": json.dumps({"status": False, "code": "500", "message": "STORAGE_EMPTY"}),
    "babble": "<html>",
    "die": None,
}
"""What it answers instead of a signature."""


@contextmanager
def ncalayer(folder: Path, sign):
    """Yields the stand-in while it listens where the real one does."""
    certificate, key = folder / "ncalayer.pem", folder / "ncalayer.key"
    make_certificate(certificate, key)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    program, loop, ready = NCALayer(sign), asyncio.new_event_loop(), threading.Event()
    stop = asyncio.Event()

    async def serve() -> None:
        async def talk(reader, writer) -> None:
            await _talk(program, reader, writer)

        async with await asyncio.start_server(talk, "127.0.0.1", PORT, ssl=context):
            ready.set()
            await stop.wait()

    thread = threading.Thread(target=lambda: loop.run_until_complete(serve()), daemon=True)
    thread.start()
    assert ready.wait(30)
    try:
        yield program
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(30)
        loop.close()


async def _talk(program: NCALayer, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        key = next(
            line.partition(":")[2].strip() for line in head.splitlines() if line.lower().startswith("sec-websocket-key")
        )
        accept = base64.b64encode(hashlib.sha1(f"{key}{GUID}".encode()).digest()).decode()  # noqa: S324 - RFC 6455
        said = ("HTTP/1.1 101 Switching Protocols", "Upgrade: websocket", "Connection: Upgrade",
                f"Sec-WebSocket-Accept: {accept}", "", "")  # fmt: skip
        writer.write("\r\n".join(said).encode())
        for greeting in (json.dumps({"result": {"version": "1.4"}}), "--heartbeat--"):
            writer.write(_frame(greeting))
        while (message := await _message(reader)) is not None:
            answer = program.answer(json.loads(message))
            if answer is None:
                break
            writer.write(_frame(answer))
            await writer.drain()
    except (asyncio.IncompleteReadError, ConnectionError):
        pass
    finally:
        writer.close()


async def _message(reader: asyncio.StreamReader) -> str | None:
    """The next text, None where the other side closes."""
    whole = b""
    while True:
        first, second = await reader.readexactly(2)
        size = second & 0x7F
        if size > 125:
            size = int.from_bytes(await reader.readexactly(2 if size == 126 else 8), "big")
        mask = await reader.readexactly(4)
        data = await reader.readexactly(size)
        if first & 0x0F == CLOSE:
            return None
        spread = (mask * (size // 4 + 1))[:size]
        whole += (int.from_bytes(data, "big") ^ int.from_bytes(spread, "big")).to_bytes(size, "big")
        if first & FIN:
            return whole.decode()


def _frame(text: str) -> bytes:
    data = text.encode()
    if len(data) < 126:
        return bytes([FIN | TEXT, len(data)]) + data
    if len(data) < 1 << 16:
        return bytes([FIN | TEXT, 126]) + len(data).to_bytes(2, "big") + data
    return bytes([FIN | TEXT, 127]) + len(data).to_bytes(8, "big") + data

from __future__ import annotations

import socket
import threading
from contextlib import contextmanager

import httpx
import uvicorn


@contextmanager
def serving(app, ssl=None):
    """The application behind a real server on a free loopback port, with TLS if given; yields its address."""
    listening = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(app, log_level="warning", lifespan="on", timeout_graceful_shutdown=5)
    if ssl is not None:
        config.load()
        config.ssl = ssl
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
    thread.start()
    try:
        yield f"{'http' if ssl is None else 'https'}://127.0.0.1:{listening.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()
        listening.close()


@contextmanager
def browser(address: str):
    """A client with cookies of its own."""
    with httpx.Client(base_url=address, timeout=60) as client:
        yield client

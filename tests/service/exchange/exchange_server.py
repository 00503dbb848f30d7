"""A real server with a publisher beside it, for the test of an outage: it is killed in the middle."""

from __future__ import annotations

import socket
import sys
import threading

import uvicorn

from service.app import create_app
from service.exchange.publisher import publish
from service.rates import Rates
from service.settings import load_settings
from service.store.database import open_store


def main() -> None:
    store = open_store(load_settings())
    listening = socket.create_server(("127.0.0.1", int(sys.argv[1])), backlog=16, reuse_port=False)

    stop = threading.Event()

    def tell() -> None:
        while not stop.wait(0.02):
            publish(store, counts=True)

    threading.Thread(target=tell, daemon=True).start()
    Rates.ask = lambda *_: None  # type: ignore[method-assign]  the test reads as fast as it can
    config = uvicorn.Config(create_app(store=store, jobs=False), log_level="warning", access_log=False)
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    uvicorn.Server(config).run(sockets=[listening])


main()

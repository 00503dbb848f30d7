"""`qyran serve`."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from qyran.errors import InputError

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace, _SubParsersAction


def add(subparsers: _SubParsersAction[ArgumentParser]) -> None:
    """Describe the command."""
    parser = subparsers.add_parser("serve", help="API, consoles and background jobs")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on; default: this machine only")
    parser.add_argument("--port", type=int, default=8000)
    parser.add_argument("--certificate", type=Path, metavar="FILE", help="chain (PEM): speak TLS without a proxy")
    parser.add_argument("--private-key", type=Path, metavar="FILE", help="its key (PEM)")
    parser.add_argument("--client-authority", type=Path, metavar="FILE", help="let in clients certified by it only")
    parser.set_defaults(run=run, serves=True)


def run(arguments: Namespace) -> int:
    """Serve until stopped.

    Raises:
        InputError: one half of certificate and key is missing.
        ConfigError: they are wrong, or the settings are.
    """
    from service.allocator import give_back, settle  # noqa: PLC0415 - keeps `--help` fast
    from service.app import create_app  # noqa: PLC0415
    from service.serving import server_of  # noqa: PLC0415
    from service.settings_view import say_mistakes  # noqa: PLC0415
    from service.tls import server_context  # noqa: PLC0415
    from violations.typesetting import forget  # noqa: PLC0415

    if (arguments.certificate is None) != (arguments.private_key is None):
        raise InputError("Give --certificate and --private-key together, or neither.")
    say_mistakes()
    give_back(forget, large=True)
    server = server_of(create_app(), arguments.host, arguments.port)
    settle()
    if arguments.certificate is not None:
        server.config.load()
        server.config.ssl_certfile, server.config.ssl_keyfile = arguments.certificate, arguments.private_key
        server.config.ssl = server_context(arguments.certificate, arguments.private_key, arguments.client_authority)
    with suppress(KeyboardInterrupt):
        server.run()
    return 0

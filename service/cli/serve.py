"""`qyran serve`."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace, _SubParsersAction


def add(subparsers: _SubParsersAction[ArgumentParser]) -> None:
    """Describe the command."""
    parser = subparsers.add_parser("serve", help="API, consoles and background jobs")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on; default: this machine only")
    parser.add_argument("--port", type=int, default=8000)
    parser.set_defaults(run=run, serves=True)


def run(arguments: Namespace) -> int:
    """Serve until stopped."""
    import uvicorn  # noqa: PLC0415 - keeps `--help` fast

    from service.app import create_app  # noqa: PLC0415

    # The access log would hold addresses of people; the service logs what matters itself.
    uvicorn.run(create_app(), host=arguments.host, port=arguments.port, access_log=False, log_level="info")
    return 0

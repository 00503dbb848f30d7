"""The command `qyran`: one file a subcommand, each with `add(subparsers)` and `run(arguments)`."""

from __future__ import annotations

from service.cli.main import main

__all__ = ["main"]

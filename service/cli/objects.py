"""`qyran objects copy --to ADDRESS`: evidence, pictures of passages and documents into an object store."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

from qyran.errors import InputError

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace, _SubParsersAction


def add(subparsers: _SubParsersAction[ArgumentParser]) -> None:
    """Describe the command."""
    parser = subparsers.add_parser("objects", help="the object store that evidence and pictures lie in")
    steps = parser.add_subparsers(dest="step", metavar="STEP", required=True)
    copy = steps.add_parser("copy", help="copy what lies in folders; may be cut off and run again")
    copy.add_argument(
        "--to", required=True, metavar="ADDRESS", help="s3://bucket/prefix?endpoint=https://host, or a folder"
    )
    copy.set_defaults(run=run)


def run(arguments: Namespace) -> int:
    """Copy, and tell as JSON.

    Raises:
        InputError: the object store does not answer.
        ConfigError: its address or its secrets are badly formed.
    """
    from service.objects_store.copying import copy_all  # noqa: PLC0415 - keeps `--help` fast
    from service.objects_store.folders import open_objects  # noqa: PLC0415
    from service.objects_store.port import ObjectsAway  # noqa: PLC0415
    from service.settings import load_settings  # noqa: PLC0415

    settings = load_settings()
    objects = open_objects(arguments.to, settings.object_store_key, settings.object_store_secret)
    try:
        copied = copy_all(settings, objects, lambda line: print_to(sys.stderr, line))
    except ObjectsAway as error:
        raise InputError(f"{error}; what was copied stays, run the command again.") from None
    print_to(sys.stdout, json.dumps({"put": copied.put, "there": copied.there, "bytes": copied.size}))
    return 0


def print_to(stream: object, line: str) -> None:
    """Write a line."""
    stream.write(f"{line}\n")  # type: ignore[attr-defined]

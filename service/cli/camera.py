"""`qyran camera add|check FILE...`, and the sealed passwords of streams: `qyran camera password|passwords|reseal`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from qyran.errors import InputError, QyranError
from service.cli.opened import asked_password, system_store

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace, _SubParsersAction


def add(subparsers: _SubParsersAction[ArgumentParser]) -> None:
    """Describe the command."""
    parser = subparsers.add_parser("camera", help="try cameras, and put them into the register")
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    made = actions.add_parser("add", help="register camera files, or take over their new versions")
    made.add_argument("files", type=Path, nargs="+", metavar="CAMERA.toml")
    made.add_argument("--territory", help="police district the cameras stand in")
    made.set_defaults(run=add_cameras)
    tried = actions.add_parser("check", help="open the streams of camera files and say which rules can run")
    tried.add_argument("files", type=Path, nargs="+", metavar="CAMERA.toml")
    tried.add_argument("--lang", choices=("kk", "ru", "en"), default="en", help="language of the answer")
    tried.set_defaults(run=check_cameras)
    kept = actions.add_parser("password", help='set the password of a stream: credentials = "sealed:NAME"')
    kept.add_argument("name", metavar="NAME", help="mostly the camera's id")
    kept.add_argument("--user", required=True, help="the camera's user; the password is asked for or read from stdin")
    kept.set_defaults(run=set_password)
    listed = actions.add_parser("passwords", help="which streams have a password, never which")
    listed.set_defaults(run=list_passwords)
    renewed = actions.add_parser("reseal", help="let a new key seal all passwords of streams")
    renewed.set_defaults(run=reseal)


def check_cameras(arguments: Namespace) -> int:
    """Try every camera; those that fail are named at the end."""
    from service.camera_check import check, in_words  # noqa: PLC0415 - keeps `--help` fast

    faults: list[str] = []
    for file in arguments.files:
        try:
            checked = check(file)
        except QyranError as error:
            faults.append(str(error))
            continue
        sys.stdout.write("\n".join(in_words(checked, arguments.lang)) + "\n")
        sys.stdout.flush()
    if faults:
        raise InputError(" ".join(faults))
    return 0


def set_password(arguments: Namespace) -> int:
    """Keep a password sealed, and lay it where workers read it."""
    from service import camera_secrets  # noqa: PLC0415

    with system_store() as store:
        with store.write() as work:
            found = camera_secrets.set_secret(work, arguments.name, arguments.user, asked_password())
        camera_secrets.publish(store)
    sys.stdout.write(f"{found.name} has a password, the {found.number}. so far\n")
    return 0


def list_passwords(_: Namespace) -> int:
    """Name, how often set, when last."""
    from service.camera_secrets import secrets  # noqa: PLC0415

    with system_store() as store, store.read() as work:
        for one in secrets(work):
            sys.stdout.write(f"{one.name} {one.number} {one.set_at.isoformat(timespec='seconds')}\n")
    return 0


def reseal(_: Namespace) -> int:
    """Make a key and seal everything anew."""
    from service.camera_secrets import rotate  # noqa: PLC0415

    with system_store() as store:
        sys.stdout.write(f"{rotate(store)} passwords were sealed anew\n")
    return 0


def add_cameras(arguments: Namespace) -> int:
    """Register; nothing is stored unless every file is right."""
    from service.cameras import register  # noqa: PLC0415
    from service.scenes import publish  # noqa: PLC0415
    from vision.camera import load_camera  # noqa: PLC0415

    cameras = [load_camera(file) for file in arguments.files]
    with system_store() as store:
        with store.write() as work:
            for camera in cameras:
                register(work, camera, territory=arguments.territory)
        for camera in cameras:
            publish(store, camera.id)
    for camera in cameras:
        sys.stdout.write(f"registered {camera.id}\n")
    return 0

"""`qyran doctor`: what this machine and this installation lack."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from qyran.errors import InputError

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace, _SubParsersAction

    from service.doctor.checks import Checked

SIGNS = {"ok": "✓", "note": "•", "wrong": "✗"}


def add(subparsers: _SubParsersAction[ArgumentParser]) -> None:
    """Describe the command."""
    parser = subparsers.add_parser("doctor", help="check this machine and say what is missing or wrong, and the cure")
    parser.add_argument("--lang", choices=("kk", "ru", "en"), help="language of the answer; default: the settings'")
    parser.add_argument("--cameras", type=Path, action="append", default=[], metavar="PATH", help="camera files too")
    parser.add_argument("--streams", action="store_true", help="and open their streams")
    parser.add_argument("--port", type=int, metavar="N", help="whether the service can listen there")
    parser.add_argument("--offline", action="store_true", help="ask nobody outside")
    parser.add_argument(
        "--only", action="append", default=[], metavar="CHECK", help="one check, several times for more"
    )
    parser.add_argument("--quiet", action="store_true", help="only what is wrong or worth knowing")
    parser.add_argument("--json", action="store_true", help="as JSON")
    parser.set_defaults(run=run)


def run(arguments: Namespace) -> int:
    """Look at everything; 1 where something is wrong.

    Raises:
        InputError: there is no such check.
    """
    from service.doctor.checks import CHECKS, examine, is_sound, patient_of  # noqa: PLC0415 - keeps `--help` fast

    odd = [name for name in arguments.only if name not in CHECKS]
    if odd:
        raise InputError(f"There is no check {odd[0]}; there are {', '.join(CHECKS)}.")
    patient = patient_of(
        arguments.cameras, streams=arguments.streams, port=arguments.port, network=not arguments.offline
    )
    lang = arguments.lang or ("en" if patient.settings is None else patient.settings.language)
    done = []
    for one in examine(patient, arguments.only):
        done.append(one)
        if not arguments.json:
            _say(one, lang, quiet=arguments.quiet)
    if arguments.json:
        sys.stdout.write(f"{json.dumps(_said(done, lang), ensure_ascii=False, indent=2, default=str)}\n")
    return 0 if is_sound(done) else 1


def _say(checked: Checked, lang: str, *, quiet: bool) -> None:
    from service.doctor.words import cure, sentence, title  # noqa: PLC0415

    for one in checked.findings:
        if quiet and one.grade == "ok":
            continue
        sys.stdout.write(f"{SIGNS[one.grade]} {title(lang, checked.name)}: {sentence(lang, one)}\n")
        mend = cure(lang, one)
        if mend:
            sys.stdout.write(f"    → {mend}\n")
    sys.stdout.flush()


def _said(checked: list[Checked], lang: str) -> dict[str, object]:
    from service.doctor.checks import is_sound  # noqa: PLC0415
    from service.doctor.words import cure, sentence  # noqa: PLC0415

    found = [
        {
            "check": each.name,
            "grade": one.grade.value,
            "code": one.code,
            "values": dict(one.values),
            "says": sentence(lang, one),
            "mend": cure(lang, one),
        }
        for each in checked
        for one in each.findings
    ]
    return {"sound": is_sound(checked), "findings": found}

"""`qyran exchange`: the feed for the situational centre, its readers' tokens, signed days, reconciliation."""

from __future__ import annotations

import argparse
import json
import sys
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from qyran.errors import InputError
from service.cli.opened import system_store, system_work

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace, _SubParsersAction

    from evidence.keys import Trust

SCOPES = ("feed", "assistant")
LANGUAGES = ("kk", "ru", "en")


def add(subparsers: _SubParsersAction[ArgumentParser]) -> None:
    """Describe the command."""
    parser = subparsers.add_parser("exchange", help="the feed for the situational centre, its readers and manifests")
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    actions.add_parser("publish", help="tell at once what waits, provisional KPIs too").set_defaults(run=publish_now)
    actions.add_parser("schema", help="the JSON Schema of a record").set_defaults(run=print_schema)
    shown = actions.add_parser("examples", help="a record of each kind, as docs/exchange.md shows it")
    shown.set_defaults(run=print_examples)
    words = actions.add_parser("dictionary", help="the data dictionary as CSV, JSON or a workbook")
    words.add_argument("--lang", choices=LANGUAGES, default="ru")
    words.add_argument(
        "--out", type=Path, metavar="FILE", help="*.csv, *.json or *.xlsx; CSV on stdout where not given"
    )
    words.set_defaults(run=print_dictionary)
    replay = actions.add_parser("replay", help="records as they were told: of a day, or from a cursor or day on")
    replay.add_argument("--day", type=_day, metavar="YYYY-MM-DD")
    replay.add_argument("--since", type=_day, metavar="YYYY-MM-DD")
    replay.add_argument("--cursor", metavar="CURSOR")
    replay.set_defaults(run=print_records)
    pushed = actions.add_parser("push", help="hand over to the addresses of the exchange file what may leave now")
    pushed.add_argument("--again", action="store_true", help="send what was refused once more")
    pushed.set_defaults(run=push_now)
    token = actions.add_parser("token", help="make the token of a machine of the centre; it is told once")
    token.add_argument("name", metavar="NAME")
    token.add_argument("--scope", action="append", choices=SCOPES, help="may be repeated; feed where not given")
    token.set_defaults(run=make_token)
    revoke = actions.add_parser("revoke", help="give nothing more to a machine")
    revoke.add_argument("name", metavar="NAME")
    revoke.set_defaults(run=revoke_token)
    actions.add_parser("readers", help="who reads, and how far").set_defaults(run=list_readers)
    sign = actions.add_parser("sign", help="sign the days that are over")
    sign.set_defaults(run=sign_days)
    verify = actions.add_parser("verify", help="check a signed day in the store, or a manifest's file offline")
    verify.add_argument("what", metavar="FILE|DAY")
    verify.add_argument("--records", type=Path, metavar="FILE", help="the day's records as they were read (JSON Lines)")
    verify.add_argument("--key", type=Path, metavar="KEY", help="the public key; the trust store's where not given")
    verify.set_defaults(run=verify_day)
    compare = actions.add_parser("reconcile", help="compare a file of a day's records with what was told")
    compare.add_argument("day", type=_day, metavar="DAY")
    compare.add_argument("file", type=Path, metavar="FILE", help="JSON Lines as a reader keeps them")
    compare.set_defaults(run=reconcile_file)


def publish_now(arguments: Namespace) -> int:  # noqa: ARG001
    """Publish."""
    from service.exchange.publisher import publish  # noqa: PLC0415 - keeps `--help` fast
    from service.exchange.tell_kpis import provisional  # noqa: PLC0415

    with system_store() as store:
        done = publish(store, provisional(store), counts=True)
    sys.stdout.write(f"{done.records} records, {done.new} about something new\n")
    return 0


def print_schema(arguments: Namespace) -> int:  # noqa: ARG001
    """The schema as indented JSON."""
    from service.exchange.shapes import json_schema  # noqa: PLC0415 - keeps `--help` fast

    sys.stdout.write(json.dumps(json_schema(), ensure_ascii=False, indent=2) + "\n")
    return 0


def print_examples(arguments: Namespace) -> int:  # noqa: ARG001
    """Records as indented JSON."""
    from service.exchange.examples import examples  # noqa: PLC0415 - keeps `--help` fast

    sys.stdout.write(examples())
    return 0


def print_dictionary(arguments: Namespace) -> int:
    """The dictionary in one language."""
    from service.exchange import dictionary  # noqa: PLC0415 - keeps `--help` fast
    from service.settings import load_settings  # noqa: PLC0415

    found = dictionary.entries(arguments.lang, load_settings())
    out: Path | None = arguments.out
    if out is None:
        sys.stdout.write(dictionary.to_csv(found, arguments.lang))
        return 0
    forms = {
        ".csv": lambda: dictionary.to_csv(found, arguments.lang).encode(),
        ".json": lambda: json.dumps([one.as_dict() for one in found], ensure_ascii=False, indent=1).encode(),
        ".xlsx": lambda: dictionary.to_xlsx(found, arguments.lang),
    }
    if out.suffix not in forms:
        raise InputError(f"The dictionary is written as *.csv, *.json or *.xlsx, not as {out.name}.")
    _write(out, forms[out.suffix]())
    return 0


def print_records(arguments: Namespace) -> int:
    """JSON Lines on stdout, the cursor to go on from on stderr."""
    from service.exchange import feed  # noqa: PLC0415 - keeps `--help` fast

    cursor, since = arguments.cursor, arguments.since
    with system_store() as store:
        while True:
            with store.read() as work:
                page = feed.page(work, cursor, since=since, day=arguments.day, limit=feed.MOST)
            sys.stdout.write(page.body.decode())
            cursor, since = page.cursor, None
            if not page.more:
                break
    sys.stderr.write(f"cursor {cursor}\n")
    return 0


def push_now(arguments: Namespace) -> int:
    """Push; 1 where an address could not be reached or refuses something."""
    from service.exchange.push import push, push_again  # noqa: PLC0415 - keeps `--help` fast

    with system_store() as store:
        done = push_again(store) if arguments.again else push(store)
    sys.stdout.write(f"{done.taken} taken, {done.refused} refused, {done.waiting} addresses wait\n")
    return 1 if done.refused or done.waiting else 0


def make_token(arguments: Namespace) -> int:
    """Print the token; only its hash is kept."""
    from service.exchange.readers import make_reader  # noqa: PLC0415 - keeps `--help` fast

    with system_work() as work:
        token = make_reader(work, arguments.name, arguments.scope or ["feed"])
    sys.stdout.write(f"{token}\n")
    return 0


def revoke_token(arguments: Namespace) -> int:
    """Revoke it."""
    from service.exchange.readers import revoke_reader  # noqa: PLC0415 - keeps `--help` fast

    with system_work() as work:
        revoke_reader(work, arguments.name)
    sys.stdout.write(f"revoked {arguments.name}\n")
    return 0


def list_readers(arguments: Namespace) -> int:  # noqa: ARG001
    """A line each."""
    from service.exchange import feed  # noqa: PLC0415 - keeps `--help` fast
    from service.exchange.readers import readers  # noqa: PLC0415

    with system_work() as work:
        last, _ = feed.head(work)
        for one in readers(work):
            read = "never" if one.last_read_at is None else one.last_read_at.isoformat(timespec="seconds")
            state = "" if one.revoked_at is None else ", revoked"
            sys.stdout.write(
                f"{one.name} ({', '.join(one.scopes)}{state}): read last {read}, took {one.asked_seq} of {last}\n"
            )
    return 0


def sign_days(arguments: Namespace) -> int:  # noqa: ARG001
    """Sign."""
    from service.exchange import manifests  # noqa: PLC0415 - keeps `--help` fast

    with system_store() as store:
        done = manifests.sign_days(store, store.clock().astimezone(store.settings.zone).date())
    sys.stdout.write(f"{done} days signed\n")
    return 0


def verify_day(arguments: Namespace) -> int:
    """Check; 1 where something is not as it was signed."""
    from service.exchange import manifests  # noqa: PLC0415 - keeps `--help` fast
    from service.i18n import translate  # noqa: PLC0415

    path = Path(arguments.what)
    if path.exists():
        faults, what = _verify_file(path, arguments.records, arguments.key)
    else:
        try:
            day = date.fromisoformat(arguments.what)
        except ValueError:
            raise InputError(f"{arguments.what} is neither a file nor a day like 2026-11-22.") from None
        with system_store() as store:
            faults, what = manifests.check_day(store, day), day.isoformat()
    for fault in faults:
        sys.stdout.write(f"{what}: {translate('en', f'exchange.fault.{fault}')}\n")
    if not faults:
        sys.stdout.write(f"{what}: as it was signed\n")
    return 1 if faults else 0


def reconcile_file(arguments: Namespace) -> int:
    """Print the report as JSON; 1 where anything differs."""
    from service.exchange.reconcile import held_of_file, reconcile  # noqa: PLC0415 - keeps `--help` fast

    held = held_of_file(_read(arguments.file))
    with system_work() as work:
        report = reconcile(work, arguments.day, held=held)
    sys.stdout.write(json.dumps(report.as_dict(), ensure_ascii=False, indent=1) + "\n")
    return 0 if report.outcome == "equal" else 1


def _verify_file(path: Path, records: Path | None, key: Path | None) -> tuple[list[str], str]:
    from service.exchange.manifest import faults_of, read_manifest  # noqa: PLC0415 - keeps `--help` fast

    try:
        manifest = read_manifest(_read(path).removesuffix(b"\n"))
    except ValueError:
        return ["unreadable"], str(path)
    trust = _trust(key)
    if records is None:
        if manifest.key not in trust.keys:
            return ["unknown_key"], str(path)
        return ([] if manifest.signed_by(trust) else ["signature"]), str(path)
    try:
        lines = _read(records).decode().splitlines()
    except UnicodeDecodeError:
        return ["unreadable"], str(path)
    return faults_of(manifest, lines, trust), str(path)


def _trust(key: Path | None) -> Trust:
    from evidence.keys import load_trust, trust_store  # noqa: PLC0415 - keeps `--help` fast
    from service.settings import home  # noqa: PLC0415

    return trust_store(home()) if key is None else load_trust(key)


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}.") from None


def _write(path: Path, data: bytes) -> None:
    try:
        path.write_bytes(data)
    except OSError as error:
        raise InputError(f"{path} cannot be written: {error.strerror}.") from None


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no day; write for example 2026-11-22") from None

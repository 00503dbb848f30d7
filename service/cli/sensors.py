"""`qyran sensors`: which sensors there are and how they are, a test report, the configuration tried."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

from qyran.errors import ConfigError
from service.cli.opened import system_store, system_work

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace, _SubParsersAction

CONDITIONS = ("alarm", "test", "tampered", "fault", "lost", "battery_low", "never_heard", "working", "retired")


def add(subparsers: _SubParsersAction[ArgumentParser]) -> None:
    """Describe the command."""
    parser = subparsers.add_parser("sensors", help="smoke and heat sensors: list them, send a test, check the file")
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    shown = actions.add_parser("list", help="sensors in service and how they are, a JSON object a line")
    shown.add_argument("--condition", choices=CONDITIONS)
    shown.add_argument("--object", metavar="ID", help="of this protected object only")
    shown.set_defaults(run=list_sensors)
    notices = actions.add_parser("notices", help="what sensors tell that is no fire, a JSON object a line")
    notices.set_defaults(run=list_notices)
    test = actions.add_parser("test", help="send a test report in a sensor's name over the broker; raises nothing")
    test.add_argument("sensor", metavar="SENSOR")
    test.set_defaults(run=send_report)
    check = actions.add_parser("check", help="read the sensors file, connect to the broker and subscribe")
    check.set_defaults(run=check_file)


def list_sensors(arguments: Namespace) -> int:
    """Those in alarm first."""
    from service.sensors.registry import listing  # noqa: PLC0415 - keeps `--help` fast

    with system_work() as work:
        retired = arguments.condition == "retired"
        rows = listing(work, object_id=arguments.object, condition=arguments.condition, retired=retired)
    for row in rows:
        sys.stdout.write(json.dumps(row.model_dump(mode="json"), ensure_ascii=False) + "\n")
    return 0


def list_notices(arguments: Namespace) -> int:  # noqa: ARG001
    """Those nobody has seen first."""
    from service.sensors.notices import listing  # noqa: PLC0415

    with system_work() as work:
        rows = listing(work)
    for row in rows:
        sys.stdout.write(json.dumps(row.model_dump(mode="json"), ensure_ascii=False) + "\n")
    return 0


def send_report(arguments: Namespace) -> int:
    """Print the message's id."""
    from service.sensors.check import send_test  # noqa: PLC0415
    from service.sensors.registry import load  # noqa: PLC0415
    from service.sensors.settings import sensors_file  # noqa: PLC0415

    with system_store() as store:
        file = sensors_file(store.settings)
        if file.mqtt is None:
            raise ConfigError("No broker is configured: name it under [mqtt] in QYRAN_SENSORS_FILE.")
        with store.read() as work:
            load(work, arguments.sensor)
        message = send_test(file.mqtt, arguments.sensor, store.clock())
    sys.stdout.write(f"{message}\n")
    return 0


def check_file(arguments: Namespace) -> int:  # noqa: ARG001
    """Say what worked."""
    from service.sensors.check import check_broker  # noqa: PLC0415
    from service.sensors.settings import sensors_file  # noqa: PLC0415
    from service.settings import load_settings  # noqa: PLC0415

    file = sensors_file(load_settings())
    if file.mqtt is None:
        sys.stdout.write("no broker: sensors report over HTTP alone\n")
        return 0
    for done in check_broker(file.mqtt):
        sys.stdout.write(f"{done}\n")
    return 0

"""`qyran signing register | withdraw`: whose certificate signs decisions."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from qyran.errors import InputError
from service.cli.opened import system_work

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace, _SubParsersAction


def add(subparsers: _SubParsersAction[ArgumentParser]) -> None:
    """Describe the command."""
    parser = subparsers.add_parser("signing", help="say whose certificate signs decisions")
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    register = actions.add_parser("register", help="a certificate is an officer's")
    register.add_argument("username", metavar="USER")
    register.add_argument("certificate", type=Path, metavar="CERTIFICATE", help="PEM or DER")
    register.set_defaults(run=run_register)
    withdraw = actions.add_parser("withdraw", help="a certificate signs no more")
    withdraw.add_argument("serial", metavar="SERIAL", help="its serial number, hexadecimal")
    withdraw.set_defaults(run=run_withdraw)


def run_register(arguments: Namespace) -> int:
    """Register a certificate."""
    from cryptography import x509  # noqa: PLC0415 - keeps `--help` fast

    from service.document_signer import register_certificate  # noqa: PLC0415

    try:
        data = arguments.certificate.read_bytes()
        pem = data.lstrip().startswith(b"-----BEGIN")
        certificate = x509.load_pem_x509_certificate(data) if pem else x509.load_der_x509_certificate(data)
    except OSError as error:
        raise InputError(f"{arguments.certificate} cannot be read: {error.strerror}.") from None
    except ValueError:
        raise InputError(f"{arguments.certificate} holds no certificate.") from None
    with system_work() as work:
        register_certificate(work, arguments.username, certificate)
    sys.stdout.write(f"certificate {certificate.serial_number:X} is {arguments.username}'s\n")
    return 0


def run_withdraw(arguments: Namespace) -> int:
    """Withdraw a certificate."""
    from service.document_signer import withdraw_certificate  # noqa: PLC0415

    with system_work() as work:
        count = withdraw_certificate(work, arguments.serial)
    sys.stdout.write(f"{count} withdrawn\n")
    return 0

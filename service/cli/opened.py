"""The installation's store, opened for one command."""

from __future__ import annotations

import getpass
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from service.store.database import Store, Work


@contextmanager
def system_store() -> Iterator[Store]:
    """The store itself, for a command with several units of work; it is closed afterwards."""
    from service.settings import load_settings  # noqa: PLC0415 - keeps `--help` fast
    from service.store.database import open_store  # noqa: PLC0415

    store = open_store(load_settings())
    try:
        yield store
    finally:
        store.close()


@contextmanager
def system_work() -> Iterator[Work]:
    """One unit of work of the machine itself; the store is closed afterwards."""
    from qyran.roles import SYSTEM  # noqa: PLC0415

    with system_store() as store, store.write(SYSTEM) as work:
        yield work


def asked_password() -> str:
    """A password, asked for without an echo, or the first line of stdin; never an argument, which others could list."""
    return getpass.getpass("Password: ") if sys.stdin.isatty() else sys.stdin.readline().rstrip("\n")

"""Moments on the command line."""

from __future__ import annotations

import argparse
from datetime import UTC, datetime


def utc(text: str) -> datetime:
    """A moment written with its offset, in UTC; for `type` of an argument."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no time; write for example 2026-03-01T12:00:00+05:00") from None
    if moment.tzinfo is None:
        raise argparse.ArgumentTypeError(f"{text!r} has no offset from UTC; write for example {text}+05:00")
    return moment.astimezone(UTC)

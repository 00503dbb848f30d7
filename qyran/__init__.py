"""Qyran: the version and the exception tree. Imports nothing of ours, so that every room may import it."""

from __future__ import annotations

__version__ = "0.1.0"

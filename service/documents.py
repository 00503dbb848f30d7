"""Signed documents as files: durable before the transaction that names them, checked whenever they are read."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from evidence.canonical import file_sha256
from qyran.errors import IntegrityError
from service.durable import place_file
from service.objects_store import local_file
from service.objects_store.owed import owe_put

if TYPE_CHECKING:
    from service.settings import Settings
    from service.store.database import Work


class Paper(Protocol):
    """A signed document's row: its number, where it lies, its SHA-256."""

    document_no: str
    file: str
    sha256: str


def write_document(work: Work, file: str, data: bytes) -> None:
    """Durable before the transaction commits; where that is undone, the next taker of the number overwrites it."""
    place_file(work.store.settings.documents_folder / file, data)
    owe_put(work, "documents", file)


def document_path(settings: Settings, paper: Paper) -> Path:
    """A signed document on this machine, checked against what was signed.

    Raises:
        IntegrityError: it is gone or altered.
        ObjectsAway: it is not here, and the object store does not answer.
    """
    path = local_file(settings, "documents", paper.file)
    if not path.is_file() or file_sha256(path) != paper.sha256:
        raise IntegrityError(f"The document {paper.document_no} is gone or not what was signed.")
    return path


def document_bytes(settings: Settings, paper: Paper) -> bytes:
    """The same as bytes.

    Raises:
        IntegrityError: it is gone or altered.
        ObjectsAway: it is not here, and the object store does not answer.
    """
    return document_path(settings, paper).read_bytes()

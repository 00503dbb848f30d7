"""Where evidence and pictures lie for good: folders of this machine or, besides, an S3-compatible object store.

The folders stay the working place. Where an object store is configured, what is taken over is there, verified, before
the transaction that names it commits; what the folder has lost is fetched from it, verified, when somebody reads it;
and what is erased or over its term goes from both.
"""

from __future__ import annotations

from service.objects_store.folders import drop_folder, drop_later, keep_folder, keep_folders, local_file, local_folder
from service.objects_store.port import ObjectsAway, ObjectStore

__all__ = [
    "ObjectStore",
    "ObjectsAway",
    "drop_folder",
    "drop_later",
    "keep_folder",
    "keep_folders",
    "local_file",
    "local_folder",
]

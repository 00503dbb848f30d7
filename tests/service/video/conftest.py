from __future__ import annotations

from tests.service.s3 import address, client, server

__all__ = ["address", "client", "server"]

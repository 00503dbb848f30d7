"""A line to a server, a program of its own: where it is killed, the server is gone for whoever uses the line.

So a server that keeps everything in memory can die for its users and come back with all that it acknowledged.
"""

from __future__ import annotations

import asyncio
import sys
from contextlib import suppress
from typing import Final

PIECE: Final = 1 << 16


async def carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """One direction of a connection, until it ends."""
    with suppress(OSError):
        while piece := await reader.read(PIECE):
            writer.write(piece)
            await writer.drain()
    with suppress(OSError):
        writer.close()


async def hold(port: int, to: int) -> None:
    """Carry every connection to a port of this machine on to another, for ever."""

    async def join(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            there, back = await asyncio.open_connection("127.0.0.1", to)
            await asyncio.gather(carry(reader, back), carry(there, writer))

    server = await asyncio.start_server(join, "127.0.0.1", port)
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(hold(int(sys.argv[1]), int(sys.argv[2])))

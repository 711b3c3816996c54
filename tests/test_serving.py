"""How the demo is served: what its socket is told."""

import asyncio
import socket

from meitu_demo import serving


async def test_an_answer_does_not_wait_for_a_receipt() -> None:
    """Connections are without Nagle's algorithm, which holds each second part of an answer back for 40 ms."""
    told: asyncio.Queue[int] = asyncio.Queue()

    async def look(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        told.put_nowait(writer.get_extra_info("socket").getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
        writer.close()

    taken = serving.take_port("127.0.0.1", 0)
    async with await asyncio.start_server(look, sock=taken):
        _, writer = await asyncio.open_connection(*taken.getsockname())
        assert await told.get()
        writer.close()

"""How the demo is served: what its socket is told, and for how long it is kept."""

import asyncio
import re
import socket
from pathlib import Path

from meitu_demo.runtime import http_server


async def test_an_answer_does_not_wait_for_a_receipt() -> None:
    """Connections are without Nagle's algorithm, which holds each second part of an answer back for 40 ms."""
    told: asyncio.Queue[int] = asyncio.Queue()

    async def look(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        told.put_nowait(writer.get_extra_info("socket").getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
        writer.close()

    taken = http_server.bind_socket("127.0.0.1", 0)
    async with await asyncio.start_server(look, sock=taken):
        _, writer = await asyncio.open_connection(*taken.getsockname())
        assert await told.get()
        writer.close()


async def _nothing(*_: object) -> None:
    """An app, or what is done before a stop."""


def test_a_proxy_closes_an_idle_connection_before_the_demo_does() -> None:
    """nginx keeps one for a minute unless it is told otherwise; a stranger's browser holds none for that long."""
    conf = (Path(http_server.__file__).resolve().parents[2] / "deploy" / "nginx.conf").read_text("utf-8")
    (told,) = re.findall(r"keepalive_timeout (\d+)s;", conf) or ["60"]
    assert http_server.GracefulServer(_nothing, _nothing, behind_proxy=True).config.timeout_keep_alive > int(told) + 10
    assert http_server.GracefulServer(_nothing, _nothing).config.timeout_keep_alive <= 10

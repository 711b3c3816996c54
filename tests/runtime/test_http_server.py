"""The HTTP server's socket options and keep-alive times."""

import asyncio
import re
import socket
from pathlib import Path

from meitu_demo.runtime import http_server


async def test_bind_socket_switches_nagles_algorithm_off() -> None:
    """It would hold each second part of an answer back for 40 ms."""
    no_delay: asyncio.Queue[int] = asyncio.Queue()

    async def read_option(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        no_delay.put_nowait(writer.get_extra_info("socket").getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
        writer.close()

    listener = http_server.bind_socket("127.0.0.1", 0)
    async with await asyncio.start_server(read_option, sock=listener):
        _, writer = await asyncio.open_connection(*listener.getsockname())
        assert await no_delay.get()
        writer.close()


async def _noop(*_: object) -> None:
    """As app and as `before_shutdown`."""


def test_http_server_keeps_a_proxys_idle_connections_longer_than_nginx_does() -> None:
    """nginx's default is a minute; without a proxy, idle connections are closed within ten seconds."""
    conf = (Path(http_server.__file__).resolve().parents[2] / "deploy" / "nginx.conf").read_text("utf-8")
    (nginx_keep_alive_s,) = re.findall(r"keepalive_timeout (\d+)s;", conf) or ["60"]
    assert (
        http_server.GracefulServer(_noop, _noop, behind_proxy=True).config.timeout_keep_alive
        > int(nginx_keep_alive_s) + 10
    )
    assert http_server.GracefulServer(_noop, _noop).config.timeout_keep_alive <= 10

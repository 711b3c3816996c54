"""A fake DNS resolver, and a proxy that counts every connection that downloads would open; for the SSRF tests."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from ipaddress import IPv6Address
from typing import Any

import httpx

PUBLIC = "93.184.216.34"
ELSEWHERE = "93.184.216.35"  # where a server redirects
DOWN = "93.184.216.36"  # where none is
API = "https://openapi.mtlab.meitu.com"  # redirects, too


@dataclass
class Names:
    """A name service: `known` gives a name's answers in turn, the last for good; any other name is public."""

    known: dict[str, list[list[str]]] = field(default_factory=dict)

    def lookup(self, host: Any, port: Any, *args: Any, **kwargs: Any) -> list[Any]:
        answers = self.known.get(str(host), [_as_number(str(host)) or [PUBLIC]])
        found = answers.pop(0) if len(answers) > 1 else answers[0]
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in found]


def _as_number(host: str) -> list[str]:
    """The address that a resolver reads out of `host`, in any spelling; none for a name."""
    if host.rstrip(".").lower() == "localhost":
        return ["127.0.0.1"]
    for read in (lambda: socket.inet_ntoa(socket.inet_aton(host.rstrip("."))), lambda: str(IPv6Address(host))):
        try:
            return [read()]
        except (OSError, ValueError):
            continue
    return []


@dataclass
class Canary:
    """A server to which each connection of its client comes, whatever address was meant: it is the client's proxy."""

    client: httpx.AsyncClient
    connections: int = 0
    place: str = ""  # where those redirect to that do

    def move(self, request: httpx.Request) -> httpx.Response:
        return httpx.Response(302, headers={"location": self.place.encode("utf-8", "replace")})


@asynccontextmanager
async def canary() -> AsyncIterator[Canary]:
    """A canary on a port of this machine."""

    def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        bird.connections += 1
        writer.close()

    def down(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("down", request=request)

    async with await asyncio.start_server(accept, "127.0.0.1", 0) as server:
        proxy = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        moving = httpx.MockTransport(lambda request: bird.move(request))
        mounts = {f"https://{ELSEWHERE}": moving, API: moving, f"https://{DOWN}": httpx.MockTransport(down)}
        async with httpx.AsyncClient(proxy=proxy, mounts=mounts, trust_env=False, timeout=60) as client:
            bird = Canary(client)
            yield bird

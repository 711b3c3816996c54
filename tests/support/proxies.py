"""A proxy on loopback that speaks HTTP's CONNECT and SOCKS 5, and sends every tunnel to one TLS server."""

import asyncio
import datetime
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


@dataclass
class Network:
    """What the tests see: the proxy's port, the file of the server's certificate, and what the proxy was asked for."""

    port: int
    certificate_file: str
    tunnels: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)


@asynccontextmanager
async def run_proxied_network(
    folder: Path, *host_names: str, answer: bytes = b"HTTP/1.1 200 OK\r\n\r\n"
) -> AsyncIterator[Network]:
    """A TLS server with a certificate for `host_names`, reachable through the proxy only; it closes after `answer`."""
    context = _create_server_context(folder, host_names)
    network = Network(0, str(folder / "server.pem"))

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        network.requests.append(head.decode())
        writer.write(answer)
        await writer.drain()
        writer.close()

    async def tunnel(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        first = await reader.readexactly(1)
        network.tunnels.append(await (_accept_socks if first == b"\5" else _accept_connect)(reader, writer))
        server_port = server.sockets[0].getsockname()[1]
        server_reader, server_writer = await asyncio.open_connection("127.0.0.1", server_port)
        await asyncio.gather(_copy(reader, server_writer), _copy(server_reader, writer))

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context)
    proxy = await asyncio.start_server(tunnel, "127.0.0.1", 0)
    network.port = proxy.sockets[0].getsockname()[1]
    try:
        yield network
    finally:
        server.close()
        proxy.close()


async def _accept_connect(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> str:
    head = await reader.readuntil(b"\r\n\r\n")
    writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
    return head.split(b" ")[1].decode()


async def _accept_socks(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> str:
    """SOCKS 5 (RFC 1928) without authentication; the address must be a name."""
    await reader.readexactly((await reader.readexactly(1))[0])
    writer.write(b"\5\0")
    *_, kind, length = await reader.readexactly(5)
    assert kind == 3
    name = await reader.readexactly(length)
    port = int.from_bytes(await reader.readexactly(2), "big")
    writer.write(b"\5\0\0\1" + bytes(6))
    return f"{name.decode()}:{port}"


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    except OSError:
        pass
    finally:
        writer.close()


def _create_server_context(folder: Path, host_names: tuple[str, ...]) -> ssl.SSLContext:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "test")])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(host) for host in host_names]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    (folder / "server.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    (folder / "server.key").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "server.pem", folder / "server.key")
    return context

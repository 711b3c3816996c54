"""Attack requests: disguised paths, raw requests that no client normalizes, and a server that counts connections."""

import contextlib
import socket
import threading
from collections.abc import Iterator
from urllib.parse import quote

MAX_WAIT_S = 60.0  # on a machine that may be busy
# Each route of Gradio's and ours that ever took a path, here or in a published attack; {} is the path.
PATH_ROUTES = (
    "/gradio_api/file={}", "/gradio_api/file/{}", "/gradio_api/file%3D{}", "/file={}", "/file/{}", "/{}",
    "/gradio_api/stream/{}", "/gradio_api/stream/s/r/1/{}", "/gradio_api/stream/{}/r/1/playlist-file",
    "/static/{}", "/assets/{}", "/svelte/{}", "/theme.css/{}", "/gradio_api/theme.css/{}", "/kept/{}", "/kept/x/{}",
    "/archive/{}", "/archive/{}/runs.zip", "/archive/x/{}",
    "/stills/{}", "/gradio_api/upload_progress?upload_id={}", "/gradio_api/custom_component/x/client/component/{}",
    "/gradio_api/custom_component/{}/client/component/style.css", "/gradio_api/proxy={}", "/proxy={}",
    "/?deep_link={}", "/config?deep_link={}", "/gradio_api/deep_link?session_hash={}", "/gradio_api/call/{}/x",
    "/gradio_api/call/face_fuse/{}", "/gradio_api/call/v2/face_fuse/{}", "/gradio_api/queue/data?session_hash={}",
    "/gradio_api/heartbeat?x={}", "/gradio_api/runs/{}", "/gradio_api/run-history/records/{}/x/assets/y",
    "/monitoring/{}", "/pwa_icon/{}", "/favicon.ico/{}", "/manifest.json?x={}", "/gradio_api/vibe-code/?x={}",
    "/gradio_api/dev/reload?x={}", "/custom_component/{}", "/gradio_api/file=x?path={}", "/gradio_api/info?page={}",
    "/config?page={}", "/login?next={}", "/logout?next={}", "/..{}", "//{}",
)  # fmt: skip


def disguise_path(path: str, upload_folder: str) -> list[str]:
    """Spellings of the absolute `path` that might get past a check, each valid in a request line."""
    up, bare = "../" * 24, path.lstrip("/")
    dots = up.replace(".", "%2e")
    every = "".join(f"%{byte:02x}" for byte in path.encode())
    return [
        path, bare, quote(path), quote(path, safe=""), quote(quote(path, safe=""), safe=""), every, every.upper(),
        f"{up}{bare}", f"{dots}{bare}", f"{dots.upper()}{bare}", quote(f"{up}{bare}", safe=""),
        quote(quote(f"{up}{bare}", safe=""), safe=""), f"..;/{up}{bare}", f"{up.replace('../', '....//')}{bare}",
        f"{up.replace('../', '..%c0%af')}{bare}", f"{up.replace('../', '%c0%ae%c0%ae/')}{bare}",
        f"{up.replace('../', '%e0%80%ae%e0%80%ae/')}{bare}", f"{up.replace('../', '%uff0e%uff0e/')}{bare}",
        (up + bare).replace("/", "\\"), (up + bare).replace("/", "%5c"), path.replace("/", "\\"),
        f"\\\\localhost{path}",
        f"//localhost{path}", f"/{path}", f"//{path}", f"/.{path}", f"/x/..{path}", path.replace("/", "//"),
        path.replace("/", "/./"), f"file://{path}", f"file:{path}", f"FILE://localhost{path}", f"file%3a%2f%2f{path}",
        f"{path}%00", f"{path}%00.jpg", f"{path}\0.jpg", f"{path}.", f"{path}%20", f"{path}/", f"{path}/.", f"{path}?",
        f"{path}%3f.jpg",
        f"{path}#.jpg", f"{path};.jpg", f"{path}::$DATA", path.upper(), path.title(), f"~{path}",
        f"{upload_folder}/{up}{bare}", f"{upload_folder}/x/{up}{bare}",
        f"{upload_folder}{quote('/' + up + bare, safe='')}",
        f"{upload_folder}/{dots}{bare}", f"{upload_folder}/%252e%252e/{bare}", f"/proc/self/root{path}",
        f"/proc/self/cwd/{up}{bare}", f"/dev/fd/../../..{path}", f"C:{path}",
        f"{path}{'/' * 2000}", f"{'/.' * 2000}{path}",
    ]  # fmt: skip


def send_raw(address: tuple[str, int], target: str, *headers: str, method: str = "GET") -> bytes:
    """The complete answer to a request for `target`, which is sent as it is; of a stream only the beginning."""
    lines = [f"{method} {target} HTTP/1.1", "Connection: close", *headers]
    if not any(header.lower().startswith("host:") for header in headers):
        lines.insert(1, f"Host: {address[0]}:{address[1]}")
    answer = b""
    with socket.create_connection(address, MAX_WAIT_S) as connection, contextlib.suppress(TimeoutError):
        connection.sendall("\r\n".join([*lines, "", ""]).encode("utf-8", "surrogatepass"))
        while part := connection.recv(65536):
            answer += part
            if b"text/event-stream" in answer[:2000]:
                break  # what it could reveal, it reveals at once
    return answer


class ConnectionCounter:
    """A server on this machine that counts connections."""

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        self.connections = 0

    def watch(self) -> None:
        """Accept connections until closed."""
        with contextlib.suppress(OSError):
            while True:
                self._listener.accept()[0].close()
                self.connections += 1

    def close(self) -> None:
        """Close the socket, which ends `watch`."""
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()


@contextlib.contextmanager
def count_connections() -> Iterator[ConnectionCounter]:
    """A counter that listens."""
    counter = ConnectionCounter()
    thread = threading.Thread(target=counter.watch, daemon=True)
    thread.start()
    try:
        yield counter
    finally:
        counter.close()
        thread.join(60)


def spell_loopback_urls(port: int) -> list[str]:
    """URLs of this machine's `port` in spellings that get past filters (SSRF)."""
    hosts = ("127.0.0.1", "localhost", "[::1]", "[::ffff:127.0.0.1]", "0.0.0.0", "0", "127.1", "2130706433",
             "0x7f000001", "017700000001", "evil@127.0.0.1", "127.0.0.1.", "LOCALHOST", "canary.example")  # fmt: skip
    plain = [f"http://{host}:{port}/x.jpg" for host in hosts]
    return [*plain, f"https://127.0.0.1:{port}/x.jpg", f"HTTP://127.0.0.1:{port}/x.jpg", f"//127.0.0.1:{port}/x.jpg",
            f"http:/127.0.0.1:{port}/x.jpg", f"http:\\\\127.0.0.1:{port}\\x.jpg", f"ftp://127.0.0.1:{port}/x.jpg",
            f"gopher://127.0.0.1:{port}/_x", f" http://127.0.0.1:{port}/x.jpg", f"http://127.0.0.1:{port}#.hf.space",
            f"http://127.0.0.1:{port}/x.hf.space", f"http://user.hf.space@127.0.0.1:{port}/"]  # fmt: skip

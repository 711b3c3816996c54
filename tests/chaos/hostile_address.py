"""What one hostile address does, in a process of its own: `python hostile_address.py URL CONNECTIONS SESSIONS`.

Holds connections open and makes sessions until its stdin is closed; prints a line when all of it is there, and one with
its counters at the end.
"""

import asyncio
import contextlib
import json
import os
import sys
from collections import Counter

import httpx

ADDRESS = "127.0.0.66"  # comes past the proxy, which is 127.0.0.1
NICE = 10  # it does not take the processor from the demo, as if it had a machine of its own
SESSIONS_PER_S, RECONNECT_S = 75.0, 2.0
HALF_HEAD = b"GET /config HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: "
STREAM = b"GET /gradio_api/heartbeat/%d HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Forwarded-For: 198.51.100.66\r\n\r\n"


async def hold_connection(port: int, number: int, counter: Counter[str]) -> None:
    """Hold a connection open, and another whenever it is closed: one that says nothing, half a head, or a stream."""
    kind = ("silent", "half a head", "stream")[number % 3]
    while True:
        local = ("127.0.0.1" if kind == "stream" else ADDRESS, 0)
        with contextlib.suppress(OSError):
            reader, writer = await asyncio.open_connection("127.0.0.1", port, local_addr=local)
            counter["opened"] += 1
            if kind != "silent":
                writer.write(HALF_HEAD if kind == "half a head" else STREAM % number)
            with contextlib.closing(writer):
                while await reader.read(65536):
                    pass
        await asyncio.sleep(RECONNECT_S)


async def make_sessions(url: str, count: int, counter: Counter[str]) -> None:
    """Trigger a cheap event in `count` new sessions, at a steady pace; one that is cut off is not repeated."""
    transport = httpx.AsyncHTTPTransport(local_address=ADDRESS)
    async with httpx.AsyncClient(transport=transport, timeout=60) as client:
        config = (await client.get(f"{url}/config")).json()
        event = next(each["id"] for each in config["dependencies"] if each["api_name"] == "forget_keys")

        async def make_session(number: int) -> None:
            body = {"data": [], "fn_index": event, "session_hash": f"throwaway{number}"}
            with contextlib.suppress(httpx.HTTPError):
                answer = await client.post(f"{url}/gradio_api/queue/join", json=body)
                counter["sessions" if answer.status_code == 200 else "refused sessions"] += 1

        async with asyncio.TaskGroup() as tasks:
            for number in range(count):
                tasks.create_task(make_session(number))
                await asyncio.sleep(1 / SESSIONS_PER_S)


async def main(url: str, connections: int, sessions: int) -> None:
    os.nice(NICE)
    counter, port = Counter[str](), int(url.rpartition(":")[2])
    held = [asyncio.create_task(hold_connection(port, number, counter)) for number in range(connections)]
    while counter["opened"] < connections:  # noqa: ASYNC110  # a thousand tasks count
        await asyncio.sleep(0.05)
    counter["opened"] = 0
    print("ready", flush=True)
    await make_sessions(url, sessions, counter)
    await asyncio.to_thread(sys.stdin.read)
    for task in held:
        task.cancel()
    print(json.dumps(counter), flush=True)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3])))

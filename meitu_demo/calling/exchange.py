"""One request and its whole answer, bounded in size and in time; what fails on the way becomes an error of ours."""

import asyncio
from contextlib import aclosing

import httpx

from .. import links
from ..errors import BadReply
from ..providers.failures import classify_transport_error
from ..spec import Route

MAX_REPLY = 40_000_000  # bytes of an answer, unpacked; JPEGs of the largest size that is sent stay far below


async def exchange(client: httpx.AsyncClient, route: Route, request: httpx.Request) -> httpx.Response:
    """The whole answer. Once the call has been sent, the read timeout is for the whole head of the answer, and then for
    all of its body, however steadily they drip.

    Raises Unreachable, OutcomeUnknown or BadReply.
    """
    patience = route.patience or client.timeout.read
    told = request.extensions  # by whoever listens as well; left as it is, because a request may be sent again
    request.headers.update(links.ASK_FOR)
    try:
        async with asyncio.timeout(None) as limit:

            async def follow(event: str, info: object) -> None:
                if event.endswith("receive_response_headers.started"):
                    _set(limit, patience)
                if "trace" in told:
                    await told["trace"](event, info)

            request.extensions = {**told, "timeout": {**client.timeout.as_dict(), "read": patience}, "trace": follow}
            async with aclosing(await client.send(request, stream=True, follow_redirects=False)) as response:
                _set(limit, patience)
                body = await links.read_bounded(response, MAX_REPLY)
    except links.TooLarge:
        raise BadReply(provider=route.provider, cause="too_large") from None
    except TimeoutError:
        raise classify_transport_error(route.provider, httpx.ReadTimeout("", request=request)) from None
    except (httpx.InvalidURL, ValueError):  # a Location that is none: httpx looks at it whether it is followed or not
        raise BadReply(provider=route.provider, cause="redirect") from None
    except httpx.HTTPError as error:
        error.request = request
        raise classify_transport_error(
            route.provider, error
        ) from None  # not chained: its text may hold the URL, and that the key
    finally:
        request.extensions = told
    # As they came: httpx reads letters in a header that it would not write.
    unpacked = [(name, value) for name, value in response.headers.raw if name.lower() != b"content-encoding"]
    return httpx.Response(response.status_code, headers=unpacked, content=body)


def _set(limit: asyncio.Timeout, seconds: float | None) -> None:
    """From now on."""
    limit.reschedule(None if seconds is None else asyncio.get_running_loop().time() + seconds)


def retry_after(response: httpx.Response) -> dict[str, int]:
    """Retry-After in seconds (RFC 9110, section 10.2.3) as a fact, where the vendor gives it so."""
    advice = response.headers.get("retry-after", "").strip()
    return {"retry_after": int(advice)} if advice.isdecimal() and len(advice) < 6 else {}

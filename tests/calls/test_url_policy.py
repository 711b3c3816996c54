"""SSRF guard: the host allowlist, and that no hostile URL leads to any connection."""

import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import httpx
import pytest
from support.fake_dns import API, DOWN, ELSEWHERE, PUBLIC, Names, canary
from support.hostile_links import INSIDE, LOOKALIKES, NEIGHBOURS, NO_ADDRESS, NOT_FOR_RESULTS, WRITTEN

from meitu_demo.calls import download, url_policy
from meitu_demo.domain.errors import LinkRejected
from meitu_demo.settings import RESULT_HOSTS

LISTED = "obs.mtlab.meitu.com"
DEVELOPERS = "http://127.0.0.1:8700"


# ── The list ────────────────────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize(
    ("url", "hosts", "cause"),
    [
        ("https://img.example.com/x", ("img.example.com",), ""),
        ("https://IMG.Example.COM:443/x", ("img.example.com",), ""),
        ("https://a.b.example.com/x", (".example.com",), ""),
        ("https://b.example.com/", ("x.org", ".example.com"), ""),
        ("https://obs.mtlab.meitu.com/x", RESULT_HOSTS, ""),
        ("https://ai-result-rapidapi.ailabtools.com/x", RESULT_HOSTS, ""),
        ("https://example.com/x", (".example.com",), "host"),
        ("https://a.img.example.com/x", ("img.example.com",), "host"),
        ("https://badexample.com/x", (".example.com",), "host"),
        ("https://img.example.com./x", ("img.example.com",), "host"),
        ("https://img.example.com/x", (), "host"),
        ("http://img.example.com/x", ("img.example.com",), "scheme"),
        ("https://img.example.com:444/x", ("img.example.com",), "scheme"),
    ],
)
def test_check_allowed_host(url: str, hosts: tuple[str, ...], cause: str) -> None:
    """A name allows itself, a leading dot its subdomains; only https on port 443 is allowed."""
    found = ""
    try:
        url_policy.check_allowed_host(httpx.URL(url), hosts)
    except LinkRejected as error:
        found = str(error.facts["cause"])
    assert found == cause


def test_link_rejected_names_only_the_host() -> None:
    """The error holds the last 80 characters of the host in ASCII, and nothing else of the URL."""
    for name, expected in (
        ("bücher.example", "xn--bcher-kva.example"),
        (".".join(["meitu.com"] * 12) + ".evil.com", ("meitu.com." * 12 + "evil.com")[-80:]),
    ):
        with pytest.raises(LinkRejected) as caught:
            url_policy.check_allowed_host(httpx.URL(f"https://{name}/secret?secret#secret"), RESULT_HOSTS)
        assert caught.value.facts == {"cause": "host", "host": expected}
        assert "secret" not in str(caught.value)


# ── The canary ──────────────────────────────────────────────────────────────────────────────────────────────────────
@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> Names:
    found = Names()
    monkeypatch.setattr(socket, "getaddrinfo", found.lookup)
    return found


@dataclass(frozen=True)
class Attempt:
    """One attempt: the URL, the download function, DNS answers, and the target of a redirect."""

    what: str
    url: str
    download: Callable[..., Any]
    dns_answers: dict[str, list[list[str]]] = field(default_factory=dict)
    redirect_to: str = ""


DOWNLOAD_RESULT = partial(download.download_result, origin=API, allowed_hosts=RESULT_HOSTS)
FROM_LOCAL_BASE_URL = partial(download.download_result, origin=DEVELOPERS, allowed_hosts=RESULT_HOSTS)
# Relative URLs: not addresses by themselves, but as a redirect they lead to an allowed host.
RELATIVE = (
    "/etc/passwd", f"//{LISTED}/x", f"https:/{LISTED}/x", f"https:{LISTED}/x", "https://?x", "https:///x", "https:",
    "https://", "https://#x", "",
)  # fmt: skip
MOVED = {"moved.meitu.com": [[ELSEWHERE]]}


def list_attempts() -> Iterator[Attempt]:
    """All hostile attempts."""
    url = f"https://{LISTED}/x"
    for what, addresses in INSIDE.items():
        for address in addresses:
            yield Attempt(what, url, DOWNLOAD_RESULT, {LISTED: [[address]]})
            yield Attempt(f"{what} beside public", url, DOWNLOAD_RESULT, {LISTED: [[PUBLIC, address, PUBLIC]]})
            yield Attempt(
                what, "http://photos.example/x", download.download_photo, {"photos.example": [[PUBLIC, address]]}
            )
    for host in WRITTEN:
        yield Attempt("a number as name", f"https://{host}/x", DOWNLOAD_RESULT)
        if not host.startswith(("127.0.0.256", "%", "127%")):  # no number at all, and so a name like any other
            yield Attempt("a number as name", f"http://{host}/x", download.download_photo)
    for host in LOOKALIKES:
        yield Attempt("looks like the list", f"https://{host}/x", DOWNLOAD_RESULT)
    for text in NO_ADDRESS:
        yield Attempt("no address", text, DOWNLOAD_RESULT)
        yield Attempt("no address", text, download.download_photo)
    for text in NOT_FOR_RESULTS:
        yield Attempt("scheme or port", text, DOWNLOAD_RESULT)
    for text in NEIGHBOURS:
        yield Attempt("beside the base URL", text, FROM_LOCAL_BASE_URL)
    for destination in (
        *(f"https://{host}/x" for host in (*WRITTEN, *LOOKALIKES)),
        *NO_ADDRESS,
        *NOT_FOR_RESULTS,
        *NEIGHBOURS,
    ):
        if destination not in RELATIVE:
            yield Attempt("redirect", "https://moved.meitu.com/x", DOWNLOAD_RESULT, MOVED, redirect_to=destination)
    for address in ("127.0.0.1", "10.0.0.1", "169.254.169.254", "fd00:ec2::254"):
        answers = {"moved.meitu.com": [[ELSEWHERE], [address]]}
        yield Attempt(
            "another answer after a redirect", "https://moved.meitu.com/x", DOWNLOAD_RESULT, answers, redirect_to="/y"
        )
        answers = {"moved.meitu.com": [[DOWN], [address]]}
        yield Attempt("another answer after a failure", "https://moved.meitu.com/x", DOWNLOAD_RESULT, answers)
        yield Attempt("the API's own redirect", f"{API}/x", DOWNLOAD_RESULT, redirect_to=f"https://[{address}]/x")
        yield Attempt("the API's own redirect", f"{API}/x", DOWNLOAD_RESULT, redirect_to=f"http://{address}/x")
        yield Attempt(
            "a photo's redirect", "https://moved.meitu.com/x", download.download_photo, MOVED, f"http://{address}/x"
        )
    yield Attempt(
        "no end of redirects", "https://moved.meitu.com/x", DOWNLOAD_RESULT, MOVED, "https://moved.meitu.com/x"
    )


@pytest.mark.chaos
async def test_hostile_urls_make_no_connection(names: Names, figure: Callable[[str], None]) -> None:
    """Each hostile URL, redirect or DNS answer is rejected, and a server that accepts everything sees no connection."""
    count, failures = 0, []
    async with canary() as server:
        for attempt in list_attempts():
            count += 1
            names.known, server.place = (
                {name: list(answers) for name, answers in attempt.dns_answers.items()},
                attempt.redirect_to,
            )
            before = server.connections
            try:
                await attempt.download(server.client, attempt.url)
                failures.append(("let in", attempt))
            except LinkRejected as error:
                if not set(error.facts) <= {"cause", "host", "http_status"}:
                    failures.append((str(error), attempt))
            if server.connections != before:
                failures.append(("connected", attempt))
        connections = server.connections
    figure(f"hostile links: {connections} connections in {count} tries")
    assert not failures, "\n".join(
        f"{how}: {attempt.what}, {attempt.url[:80]} {attempt.redirect_to[:80]}" for how, attempt in failures
    )
    assert count >= 120


async def test_allowed_urls_do_connect(names: Names) -> None:
    """The same server sees a connection for each allowed URL, so that the test above can fail."""
    async with canary() as server:
        attempts = [
            Attempt("result", f"https://{LISTED}/x", DOWNLOAD_RESULT),
            Attempt("photo", "http://photos.example/x", download.download_photo),
            Attempt("the base URL itself", f"{DEVELOPERS}/x", FROM_LOCAL_BASE_URL),
            Attempt("redirect", "https://moved.meitu.com/x", DOWNLOAD_RESULT, MOVED, f"https://{LISTED}/x"),
        ]
        for count, attempt in enumerate(attempts, 1):
            names.known, server.place = dict(attempt.dns_answers), attempt.redirect_to
            with pytest.raises(LinkRejected) as caught:
                await attempt.download(server.client, attempt.url)
            assert (server.connections, caught.value.facts) == (count, {"cause": "network"})

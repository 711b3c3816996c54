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
    for name, told in (
        ("bücher.example", "xn--bcher-kva.example"),
        (".".join(["meitu.com"] * 12) + ".evil.com", ("meitu.com." * 12 + "evil.com")[-80:]),
    ):
        with pytest.raises(LinkRejected) as caught:
            url_policy.check_allowed_host(httpx.URL(f"https://{name}/secret?secret#secret"), RESULT_HOSTS)
        assert caught.value.facts == {"cause": "host", "host": told}
        assert "secret" not in str(caught.value)


# ── The canary ──────────────────────────────────────────────────────────────────────────────────────────────────────
@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> Names:
    found = Names()
    monkeypatch.setattr(socket, "getaddrinfo", found.lookup)
    return found


@dataclass(frozen=True)
class Try:
    """One attempt: the URL, by which door, what names stand for, and where a redirect leads."""

    what: str
    url: str
    door: Callable[..., Any]
    known: dict[str, list[list[str]]] = field(default_factory=dict)
    place: str = ""


RESULT = partial(download.download_result, origin=API, allowed_hosts=RESULT_HOSTS)
AT_HOME = partial(download.download_result, origin=DEVELOPERS, allowed_hosts=RESULT_HOSTS)
# No addresses by themselves; after a redirect they lead back to a host that is allowed.
RELATIVE = (
    "/etc/passwd", f"//{LISTED}/x", f"https:/{LISTED}/x", f"https:{LISTED}/x", "https://?x", "https:///x", "https:",
    "https://", "https://#x", "",
)  # fmt: skip
MOVED = {"moved.meitu.com": [[ELSEWHERE]]}


def tries() -> Iterator[Try]:
    """All of them."""
    url = f"https://{LISTED}/x"
    for what, addresses in INSIDE.items():
        for address in addresses:
            yield Try(what, url, RESULT, {LISTED: [[address]]})
            yield Try(f"{what} beside public", url, RESULT, {LISTED: [[PUBLIC, address, PUBLIC]]})
            yield Try(what, "http://photos.example/x", download.download_photo, {"photos.example": [[PUBLIC, address]]})
    for host in WRITTEN:
        yield Try("a number as name", f"https://{host}/x", RESULT)
        if not host.startswith(("127.0.0.256", "%", "127%")):  # no number at all, and so a name like any other
            yield Try("a number as name", f"http://{host}/x", download.download_photo)
    for host in LOOKALIKES:
        yield Try("looks like the list", f"https://{host}/x", RESULT)
    for text in NO_ADDRESS:
        yield Try("no address", text, RESULT)
        yield Try("no address", text, download.download_photo)
    for text in NOT_FOR_RESULTS:
        yield Try("scheme or port", text, RESULT)
    for text in NEIGHBOURS:
        yield Try("beside the base URL", text, AT_HOME)
    for aim in (*(f"https://{host}/x" for host in (*WRITTEN, *LOOKALIKES)), *NO_ADDRESS, *NOT_FOR_RESULTS, *NEIGHBOURS):
        if aim not in RELATIVE:
            yield Try("redirect", "https://moved.meitu.com/x", RESULT, MOVED, place=aim)
    for again in ("127.0.0.1", "10.0.0.1", "169.254.169.254", "fd00:ec2::254"):
        answers = {"moved.meitu.com": [[ELSEWHERE], [again]]}
        yield Try("another answer after a redirect", "https://moved.meitu.com/x", RESULT, answers, place="/y")
        answers = {"moved.meitu.com": [[DOWN], [again]]}
        yield Try("another answer after a failure", "https://moved.meitu.com/x", RESULT, answers)
        yield Try("the API's own redirect", f"{API}/x", RESULT, place=f"https://[{again}]/x")
        yield Try("the API's own redirect", f"{API}/x", RESULT, place=f"http://{again}/x")
        yield Try(
            "a photo's redirect", "https://moved.meitu.com/x", download.download_photo, MOVED, f"http://{again}/x"
        )
    yield Try("no end of redirects", "https://moved.meitu.com/x", RESULT, MOVED, "https://moved.meitu.com/x")


@pytest.mark.chaos
async def test_hostile_urls_make_no_connection(names: Names, figure: Callable[[str], None]) -> None:
    """Each hostile URL, redirect or DNS answer is rejected, and a server that accepts everything sees no connection."""
    count, wrong = 0, []
    async with canary() as bird:
        for attempt in tries():
            count += 1
            names.known, bird.place = {name: list(answers) for name, answers in attempt.known.items()}, attempt.place
            before = bird.connections
            try:
                await attempt.door(bird.client, attempt.url)
                wrong.append(("let in", attempt))
            except LinkRejected as error:
                if not set(error.facts) <= {"cause", "host", "http_status"}:
                    wrong.append((str(error), attempt))
            if bird.connections != before:
                wrong.append(("connected", attempt))
        connections = bird.connections
    figure(f"hostile links: {connections} connections in {count} tries")
    assert not wrong, "\n".join(
        f"{how}: {attempt.what}, {attempt.url[:80]} {attempt.place[:80]}" for how, attempt in wrong
    )
    assert count >= 120


async def test_allowed_urls_do_connect(names: Names) -> None:
    """The same server sees a connection for each allowed URL, so that the test above can fail."""
    async with canary() as bird:
        good = [
            Try("result", f"https://{LISTED}/x", RESULT),
            Try("photo", "http://photos.example/x", download.download_photo),
            Try("the base URL itself", f"{DEVELOPERS}/x", AT_HOME),
            Try("redirect", "https://moved.meitu.com/x", RESULT, MOVED, f"https://{LISTED}/x"),
        ]
        for seen, attempt in enumerate(good, 1):
            names.known, bird.place = dict(attempt.known), attempt.place
            with pytest.raises(LinkRejected) as caught:
                await attempt.door(bird.client, attempt.url)
            assert (bird.connections, caught.value.facts) == (seen, {"cause": "network"})

"""Proxies and certificates of the environment: which address goes through which proxy, and what cannot be used."""

from pathlib import Path

import certifi
import pytest

from meitu_demo.redaction.secrets import redact
from meitu_demo.settings import Settings, SettingsError, warnings
from meitu_demo.settings.network import read_network_settings

LIVE = {"AILAB_API_KEY": "canary"}
UNUSABLE = [
    {"HTTPS_PROXY": "ftp://proxy:21"},
    {"ALL_PROXY": "http://"},
    {"https_proxy": "http://proxy:99999"},
    {"all_proxy": "socks4://proxy:1080"},
    {"SSL_CERT_FILE": "/no/such.pem"},
    {"SSL_CERT_FILE": __file__},
    {"SSL_CERT_DIR": "/no/such"},
]


def chosen(scheme: str, host: str, port: int = 443, **environ: str) -> str | None:
    proxy = read_network_settings(environ).choose_proxy(scheme, host, port)
    return proxy.get_secret_value() if proxy else None


def test_network_settings_choose_the_proxy_of_the_scheme() -> None:
    """ALL_PROXY stands in for a scheme without a proxy of its own; lower case counts before upper case."""
    both = {"HTTPS_PROXY": "http://upper:1", "https_proxy": "http://lower:2", "ALL_PROXY": "socks5://all:3"}
    assert chosen("https", "vendor.example", **both) == "http://lower:2"
    assert chosen("http", "vendor.example", **both) == "socks5://all:3"
    assert chosen("https", "vendor.example") is None


@pytest.mark.parametrize(
    ("value", "url"),
    [("socks://p:1", "socks5://p:1"), ("p:3128", "http://p:3128"), ("SOCKS5H://p:1", "socks5h://p:1")],
)
def test_network_settings_take_what_desktops_write(value: str, url: str) -> None:
    """socks:// is SOCKS 5, and a proxy without a scheme is an HTTP proxy."""
    assert chosen("https", "vendor.example", ALL_PROXY=value) == url


@pytest.mark.parametrize(
    ("no_proxy", "direct", "proxied"),
    [
        ("example.com", ["example.com", "a.example.com", "EXAMPLE.com."], ["notexample.com", "example.com.cn"]),
        (".example.com,*.b.cn", ["a.example.com", "a.b.cn"], ["c.cn"]),
        ("localhost,[::1]", ["[::1]", "localhost", "127.0.0.1"], ["example.com"]),
        ("fd00::/8 10.0.0.0/8", ["[fd00::5]", "10.1.2.3"], ["11.0.0.1", "[fe00::1]"]),
        ("example.com:8443", [], ["example.com"]),
        ("https://example.com", ["example.com"], []),
        ("http://example.com, :, [, ]:x", [], ["example.com"]),
        ("*", ["example.com", "8.8.8.8"], []),
    ],
)
def test_network_settings_follow_no_proxy(no_proxy: str, direct: list[str], proxied: list[str]) -> None:
    """Names with their subdomains, addresses, networks and ports are called directly; unreadable entries name none."""
    environ = {"HTTPS_PROXY": "http://proxy:3128", "NO_PROXY": no_proxy}
    assert [host for host in (*direct, *proxied) if chosen("https", host, **environ) is None] == direct


@pytest.mark.parametrize("environ", UNUSABLE)
def test_settings_with_an_unusable_proxy_start_offline_and_end_live(environ: dict[str, str]) -> None:
    """Offline it is a warning; with keys it is an error. Both name the variable."""
    (name,) = environ
    for offline in ({}, {**LIVE, "MODE": "offline"}):
        (warning,) = warnings(Settings.from_env({**offline, **environ}))
        assert warning.startswith(name)
    with pytest.raises(SettingsError, match=name):
        Settings.from_env({**LIVE, **environ})


def test_network_settings_take_certificates() -> None:
    """A file with certificates and a folder are kept."""
    network = read_network_settings({"SSL_CERT_FILE": certifi.where(), "SSL_CERT_DIR": str(Path(__file__).parent)})
    assert network.certificate_file == certifi.where()
    assert network.certificate_folder == str(Path(__file__).parent)
    assert not network.errors


def test_network_settings_never_show_a_password() -> None:
    """Neither the settings, nor a message about a bad proxy, nor a log line holds the proxy's password."""
    settings = Settings.from_env({"HTTPS_PROXY": "http://ann:canary-password@proxy:99999"})
    assert "canary" not in repr(settings) + "".join(warnings(settings))
    assert "canary" not in redact("connecting to http://ann:canary-password@proxy")

"""Section settings: how a start with wrong settings ends, and what one with odd settings says."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from .plain import plain, write
from .process import DEMO, LEDGER_REPORT, ending

KEYS = {"MEITU_API_KEY": "canary", "MEITU_API_SECRET": "canary"}
STARTS: list[dict[str, str]] = [
    *({name: value} for name, value in (
        ("MODE", "offlien"), ("PORT", "80a"), ("PORT", "65536"), ("LOG_LEVEL", "LOUD"), ("LOG_FORMAT", "xml"),
        ("READ_TIMEOUT", "0"), ("CONNECT_TIMEOUT", "nan"), ("WRITE_TIMEOUT", "601"), ("OFFLINE_EACH", "61"),
        ("OFFLINE_EACH", "0"), ("AILAB_PATH", "no-slash"), ("AILAB_PATH", "/with space"), ("MEITU_BASE_URL", "host"),
        ("MEITU_BASE_URL", "https://canary:canary@host"), ("AILAB_BASE_URL", "https://a b"), ("CALLS_PER_DAY", "0"),
        ("CALLS_PER_HOUR", "many"), ("CALLS_PER_SECOND", "fast"), ("LONGEST_WAIT", "-1"), ("BREAKER", "yes"),
        ("FAILURE_LAB", "2"), ("MIRROR", "2"), ("MCP", "maybe"), ("PHOTO_URLS", "x"), ("VISIBLE_LABEL", "x"),
        ("KEEP_MINUTES", "1441"), ("RAPIDAPI_HOST", "https://host"), ("RESULT_HOSTS", ".com"), ("RESULT_HOSTS", "a/b"),
        ("AILAB_API_KEY", "kéy"), ("RAPIDAPI_KEY", "two\nlines"), ("LOGIN", "canary"), ("LOGIN", "ann:x,ann:canary"),
        ("TRUSTED_PROXIES", "0.0.0.0/0"), ("TRUSTED_PROXIES", "nobody"), ("DATABASE_URL", "mysql://canary@host/name"),
        ("DATA_DIR", __file__), ("TEMPLATES_DIR", "/nowhere"), ("HOST", "192.0.2.1"), ("HOST", "no such host"),
        ("MEITU_API_KEY", "canary"), ("MEITU_API_SECRET", "canary"), ("MEITU_RECIPIENT", "x" * 500),
        ("GRADIO_TEMP_DIR", __file__),
    )),
    {"PORT": "", "GRADIO_SERVER_PORT": "x"}, {"SPACE_ID": "a/b"}, {**KEYS, "DATA_DIR": f"{__file__}/data"},
    {**KEYS, "DATABASE_URL": f"sqlite:///{__file__}"}, {"MODE": "x", "PORT": "y", "MEITU_API_KEY": "canary"},
    {"LOGIN": "ann:,bo:canary", "TRUSTED_PROXIES": "::/0", "MODE": "x", "LOG_FORMAT": "json"},
    {"MODE": "x", "LOG_LEVEL": "y", "CALLS_PER_DAY": "z", "KEEP_MINUTES": "0", "BREAKER": "2", "LOG_FORMAT": "xml"},
    {"TEMPLATES_DIR": str(Path(__file__).parent)},
    # What is odd, and starts
    {}, {"AILAB_API_KEY": "canary", "RAPIDAPI_KEY": "canary", "MODE": "Live"}, {"MODE": "live", "LOG_FORMAT": "json"},
    {"AILAB_API_KEY": "canary", "TRUSTED_PROXIES": "127.0.0.1", "CALLS_PER_HOUR": "off", "CALLS_PER_DAY": "off"},
    {**KEYS, "AILAB_API_KEY": "a", "MEITU_BASE_URL": "http://vendor.example", "AILAB_BASE_URL": "http://b.example"},
    {**KEYS, "DATABASE_URL": "postgresql://canary:canary@127.0.0.1:1/name"},
    {"HOST": "localhost", "LOG_LEVEL": "error"},
]  # fmt: skip
REPORTS = ("--help", "--day x", "--days 0", "", "--csv", "--database mysql://canary@h/n")


def record(folder: Path, baseline: Path) -> None:
    """Two at a time."""
    with ThreadPoolExecutor(2) as two:
        starts = list(two.map(lambda given: ending(*DEMO, **given), STARTS))
        reports = list(two.map(lambda given: ending(*LEDGER_REPORT, *given.split()), REPORTS))
    write(folder / "starts.json", {str(plain(list(it.items()))): end for it, end in zip(STARTS, starts, strict=True)})
    write(folder / "report.json", dict(zip(REPORTS, reports, strict=True)))

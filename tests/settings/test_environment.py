"""Settings: what the environment may hold, and one message that names every bad value."""

import codecs
from pathlib import Path

import pytest
from pydantic import SecretStr

from meitu_demo.inspector.credentials_filter import KEY_QUERY_PARAMS, VENDOR_KEY_HEADERS
from meitu_demo.settings import Settings, SettingsError, environment, warnings
from meitu_demo.settings.readers import KEY_FIELDS


def reveal(secret: SecretStr | None) -> str:
    assert secret is not None
    return secret.get_secret_value()


def read(**environ: str) -> Settings:
    return Settings.from_env(environ)


def read_error(**environ: str) -> str:
    with pytest.raises(SettingsError) as caught:
        Settings.from_env(environ)
    return str(caught.value)


def test_settings_of_an_empty_environment_run_offline_on_this_machine() -> None:
    """Nothing set: no keys, mode auto, and only this machine can see the page."""
    settings = read()
    assert (settings.meitu_key, settings.ailab_key, settings.rapidapi_key) == (None, None, None)
    assert (settings.mode, settings.host, settings.port) == ("auto", "127.0.0.1", 7860)
    assert settings == Settings()


def test_settings_read_every_variable() -> None:
    """Each name of .env.example reaches its field."""
    settings = read(
        MEITU_API_KEY="k", MEITU_API_SECRET="s", MEITU_BASE_URL="http://127.0.0.1:8700/", AILAB_API_KEY="a",
        MEITU_TEMPLATE_IDS="t1, t2 t3", AILAB_BASE_URL="https://ailab.example", AILAB_PATH="/elsewhere",
        MODE="Live", HOST="0.0.0.0", PORT="80", LOG_LEVEL="debug",
        CONNECT_TIMEOUT="1", READ_TIMEOUT="2.5", RESULT_HOSTS="img.example.com, *.Example.org .x-y.example",
        OFFLINE_EACH="60", ALLOWED_HOSTS="Demo.example.com, nas",
    )  # fmt: skip
    assert reveal(settings.meitu_key) == "k"
    assert reveal(settings.meitu_secret) == "s"
    assert reveal(settings.ailab_key) == "a"
    assert settings.meitu_base_url == "http://127.0.0.1:8700"
    assert settings.meitu_template_ids == ("t1", "t2", "t3")
    assert (settings.ailab_base_url, settings.ailab_path) == ("https://ailab.example", "/elsewhere")
    assert (settings.mode, settings.host, settings.port, settings.log_level) == ("live", "0.0.0.0", 80, "DEBUG")
    assert (settings.connect_timeout, settings.read_timeout) == (1.0, 2.5)
    assert settings.offline_each == 60
    assert settings.allowed_hosts == ("demo.example.com", "nas")
    assert settings.result_hosts == ("img.example.com", ".example.org", ".x-y.example")


def test_settings_of_mode_replay_need_recordings(tmp_path: Path) -> None:
    """The folder may be yet to come, but not a file; keys are ignored, and their network is not checked."""
    settings = read(MODE="Replay", RECORDINGS=str(tmp_path / "new"), **{"MEITU_API_KEY": "k", "MEITU_API_SECRET": "s"})
    assert (settings.mode, settings.recordings, settings.allows_live) == ("replay", tmp_path / "new", False)
    assert read(RECORDINGS=" ").recordings is None
    assert read(RECORDINGS="r").allows_live
    assert "RECORDINGS" in read_error(MODE="replay")
    (tmp_path / "file").touch()
    assert "RECORDINGS is a file" in read_error(RECORDINGS=str(tmp_path / "file"))


def test_settings_prefer_host_and_port_to_gradios_names() -> None:
    """GRADIO_SERVER_NAME and GRADIO_SERVER_PORT count where HOST and PORT are not set."""
    gradio = {"GRADIO_SERVER_NAME": "0.0.0.0", "GRADIO_SERVER_PORT": "7000"}
    assert (read(**gradio).host, read(**gradio).port) == ("0.0.0.0", 7000)
    both = read(**gradio, HOST="::1", PORT="9")
    assert (both.host, both.port) == ("::1", 9)


def test_settings_use_the_marketplaces_host_and_path_for_its_key() -> None:
    """With a RapidAPI key alone the call goes to the marketplace; a direct key wins over it."""
    market = read(RAPIDAPI_KEY="r")
    assert market.ailab_base_url == "https://facial-aesthetics.p.rapidapi.com"
    assert market.ailab_path == "/face/editing/face-tidyup"
    other = read(RAPIDAPI_KEY="r", RAPIDAPI_HOST="other.p.rapidapi.com")
    assert (other.ailab_base_url, other.rapidapi_host) == ("https://other.p.rapidapi.com", "other.p.rapidapi.com")
    both = read(RAPIDAPI_KEY="r", AILAB_API_KEY="a")
    assert (both.ailab_base_url, both.ailab_path) == ("https://www.ailabapi.com", None)


@pytest.mark.parametrize(
    ("half", "missing"),
    [({"MEITU_API_KEY": "canary"}, "MEITU_API_SECRET"), ({"MEITU_API_SECRET": "canary"}, "MEITU_API_KEY")],
)
def test_settings_name_the_missing_half_of_a_key_pair(half: dict[str, str], missing: str) -> None:
    """Key without secret or the reverse is refused at start, and the value is not shown."""
    message = read_error(**half)
    assert message.startswith(f"{missing} is missing")
    assert "canary" not in message


@pytest.mark.parametrize(
    ("host", "private"),
    [
        ("127.0.0.1", True), ("::1", True), ("localhost", True), ("192.168.1.20", True), ("10.0.0.5", True),
        ("0.0.0.0", False), ("::", False), ("203.0.113.9", True), ("8.8.8.8", False), ("demo.example.org", False),
    ],
)  # fmt: skip
def test_settings_of_a_public_host_have_caps_and_neither_lab_nor_mirror(host: str, private: bool) -> None:
    """On a public host spending is capped and the lab and the mirror are off, unless the owner sets otherwise. In the
    owner's own network lab and mirror are on, but spending is capped there, too.
    """
    settings = read(HOST=host)
    is_loopback = host in ("127.0.0.1", "::1", "localhost")
    assert (settings.calls_per_day, settings.calls_per_hour) == ((None, None) if is_loopback else (100, 10))
    assert (settings.failure_lab, settings.mirror, settings.photo_urls) == (private, private, private)
    said = read(HOST=host, CALLS_PER_DAY="off", CALLS_PER_HOUR="7", FAILURE_LAB="on", MIRROR="on")
    assert (said.calls_per_day, said.calls_per_hour, said.failure_lab, said.mirror) == (None, 7, True, True)


@pytest.mark.parametrize("host", ["127.0.0.1", "10.0.0.5"])
def test_settings_take_a_host_behind_a_proxy_for_public(host: str) -> None:
    """A demo behind a proxy counts as public, however private the address is that it listens on."""
    settings = read(HOST=host, TRUSTED_PROXIES="127.0.0.1")
    assert (settings.calls_per_day, settings.calls_per_hour) == (100, 10)
    assert (settings.failure_lab, settings.mirror, settings.photo_urls) == (False, False, False)
    assert read(HOST=host, TRUSTED_PROXIES="127.0.0.1", MIRROR="on").mirror


def test_settings_read_rates_and_switches() -> None:
    """A rate is a number or off, a switch is on or off, or 1 or 0."""
    assert (read().mcp, read(MCP="1").mcp, read(MCP="on").mcp, read(BREAKER="0").breaker) == (False, True, True, False)
    assert (read().calls_per_second, read().longest_wait, read().breaker) == (1.0, 20.0, True)
    assert read(CALLS_PER_SECOND="2.5").calls_per_second == 2.5
    assert read(CALLS_PER_SECOND="OFF").calls_per_second is None
    assert not read(BREAKER="off").breaker


def test_settings_take_blank_for_not_set() -> None:
    """An empty or blank value, as a hosting page leaves them, is no value."""
    assert read(MEITU_API_KEY=" ", MEITU_API_SECRET="", PORT="", MODE=" ") == Settings()


def test_settings_strip_spaces_around_a_key() -> None:
    """Spaces around a copied key are stripped instead of failing at the vendor."""
    settings = read(AILAB_API_KEY="  key\n")
    assert reveal(settings.ailab_key) == "key"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("MODE", "offlien"), ("PORT", "80a"), ("PORT", "65536"), ("PORT", "-1"), ("LOG_LEVEL", "LOUD"),
        ("GRADIO_SERVER_PORT", "x"), ("READ_TIMEOUT", "0"), ("CONNECT_TIMEOUT", "nan"), ("READ_TIMEOUT", "601"),
        *(("OFFLINE_EACH", value) for value in ("0", "61", "-1", "2.5", "off", "9" * 5000, "0" * 8 + "61")),
        ("READ_TIMEOUT", "soon"), ("AILAB_PATH", "no-slash"), ("AILAB_PATH", "/with space"),
        ("MEITU_BASE_URL", "openapi.mtlab.meitu.com"), ("MEITU_BASE_URL", "ftp://host"),
        ("MEITU_BASE_URL", "https://user:pw@host"), ("MEITU_BASE_URL", "https://host?x=1"),
        ("MEITU_BASE_URL", "https://host:port"), ("MEITU_BASE_URL", "https://"), ("AILAB_BASE_URL", "https://a b"),
        ("AILAB_BASE_URL", "https://host:0"), ("MEITU_BASE_URL", "https://[::1"), ("MEITU_BASE_URL", "https://h\u00f6st"),
        ("CALLS_PER_DAY", "0"), ("CALLS_PER_HOUR", "many"), ("CALLS_PER_SECOND", "0"), ("CALLS_PER_SECOND", "nan"),
        ("CALLS_PER_SECOND", "fast"), ("LONGEST_WAIT", "-1"), ("BREAKER", "yes"), ("FAILURE_LAB", "2"),
        ("WRITE_TIMEOUT", "x"),
        ("RAPIDAPI_HOST", "https://host"), ("RAPIDAPI_HOST", "h\u00f6st"), ("RAPIDAPI_HOST", "a b"),
        *(("RESULT_HOSTS", value) for value in (
            "https://host.example", "host.example/path", "host.example:8443", "example", ".com", "*", "*.", ".",
            "**.x.org", "*x.example.com", "img.*.com", "a..example", "x.example.", "-x.example", "b\u00fccher.example",
            "10.0.0.1", "[::1]", ".0.0.1", "x_y.example", "fine.example, u:p@host.example", "a" * 64 + ".example",
        )),
        *(("ALLOWED_HOSTS", value) for value in ("demo.example:80", "https://x.example", "*.example", ".x", "a b_c")),
        ("AILAB_API_KEY", "k\u00e9y"), ("RAPIDAPI_KEY", "two\nlines"), ("MEITU_API_KEY", "API_key"),
        ("MEITU_API_SECRET", "secret"), ("AILAB_API_KEY", "api-key"), ("RAPIDAPI_KEY", "rapidapi"),
    ],
)  # fmt: skip
def test_settings_error_names_the_variable_of_a_bad_value(name: str, value: str) -> None:
    """A value that could not work later is refused at start by its variable's name."""
    assert name in read_error(**{name: value})


def test_settings_know_the_names_of_all_key_fields() -> None:
    """A vendor that is added has its fields among those whose names are no keys."""
    assert set(KEY_FIELDS) == {*KEY_QUERY_PARAMS, *VENDOR_KEY_HEADERS}


def test_settings_error_names_all_bad_values_at_once() -> None:
    """One message names every bad value, so that nobody starts the app five times."""
    message = read_error(MODE="x", PORT="y", MEITU_API_KEY="canary")
    assert all(name in message for name in ("MODE", "PORT", "MEITU_API_SECRET"))
    assert "canary" not in message


def test_settings_never_show_a_secret() -> None:
    """Neither the repr of settings nor the message about a bad key holds the key."""
    settings = read(MEITU_API_KEY="canary", MEITU_API_SECRET="canary", AILAB_API_KEY="canary", RAPIDAPI_KEY="canary")
    assert "canary" not in repr(settings)
    assert "canary" not in read_error(AILAB_API_KEY="canary\u00e9")
    assert "canary" not in read_error(MEITU_BASE_URL="https://canary:canary@host")


def test_load_environment_prefers_the_process_to_the_env_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A .env file fills in variables that the process's environment does not set."""
    file = tmp_path / ".env"
    file.write_text("AILAB_API_KEY=from-file\nPORT=1111\n")
    monkeypatch.setattr(environment, "ENV_FILE", file)
    monkeypatch.setenv("PORT", "2222")
    settings = Settings.from_env()
    assert reveal(settings.ailab_key) == "from-file"
    assert settings.port == 2222


def test_load_environment_takes_a_key_literally(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A key may hold what a shell would expand; it is not expanded."""
    file = tmp_path / ".env"
    file.write_text("AILAB_API_KEY=a${HOME}b\n")
    monkeypatch.setattr(environment, "ENV_FILE", file)
    settings = Settings.from_env()
    assert reveal(settings.ailab_key) == "a${HOME}b"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-be-sig"])
def test_load_environment_reads_the_encodings_of_editors(
    encoding: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A .env file is read in UTF-8 and, with a byte order mark, in UTF-16."""
    text = "MEITU_RECIPIENT=\u7f8e\u56fe\r\nPORT=1111\r\n"
    data = codecs.BOM_UTF16_BE + text.encode("utf-16-be") if encoding == "utf-16-be-sig" else text.encode(encoding)
    (tmp_path / ".env").write_bytes(data)
    monkeypatch.setattr(environment, "ENV_FILE", tmp_path / ".env")
    settings = Settings.from_env()
    assert (settings.meitu_recipient, settings.port) == ("\u7f8e\u56fe", 1111)


@pytest.mark.parametrize("encoding", ["gb18030", "utf-16-le", "utf-32", "latin-1"])
def test_load_environment_names_a_file_in_another_encoding(
    encoding: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A .env file in any other encoding is an error that names the file and the encoding wanted."""
    text = "AILAB_API_KEY=canary # caf\u00e9" if encoding == "latin-1" else "AILAB_API_KEY=canary # \u7f8e\u56fe"
    (tmp_path / ".env").write_bytes(text.encode(encoding))
    monkeypatch.setattr(environment, "ENV_FILE", tmp_path / ".env")
    with pytest.raises(SettingsError, match=r"\.env .*UTF-8") as caught:
        Settings.from_env()
    assert "canary" not in str(caught.value)


def test_load_environment_names_a_file_that_cannot_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder in the place of .env is an error, too; no file at all is none."""
    monkeypatch.setattr(environment, "ENV_FILE", tmp_path)
    with pytest.raises(SettingsError, match="cannot be read"):
        Settings.from_env()
    monkeypatch.setattr(environment, "ENV_FILE", tmp_path / "missing")
    assert Settings.from_env().port == Settings().port


def test_settings_read_a_login_as_pairs() -> None:
    """Commas or lines between them; colons in a password; what is wrong is said without the password."""
    login = read(LOGIN="ann:a:b, bo : secret word \n\ncy:另,").login
    pairs = [(name, reveal(password)) for name, password in login]
    assert pairs == [("ann", "a:b"), ("bo", "secret word"), ("cy", "另")]
    assert read(LOGIN=" , ").login == ()
    assert "a:b" not in repr(read(LOGIN="ann:a:b"))
    for value in ("hunter2", "ann:", ":hunter2", "ann:x,hunter2", "ann:hunter2,ann:other"):
        assert "LOGIN" in read_error(LOGIN=value)
        assert "hunter2" not in read_error(LOGIN=value)


@pytest.mark.parametrize(
    ("environ", "named"),
    [
        ({"DATABASE_URL": "mysql://canary@host/name"}, ["DATABASE_URL"]),
        ({"DATABASE_URL": "postgresql://u:canary@host:port/name"}, ["DATABASE_URL"]),
        ({"DATABASE_URL": "canary"}, ["DATABASE_URL"]),
        ({"SPACE_ID": "somebody/demo", "HOST": "127.0.0.1"}, ["SPACE_ID", "HOST"]),
        ({"TRUSTED_PROXIES": "10.0.0.1, 0.0.0.0/0"}, ["TRUSTED_PROXIES"]),
        ({"TRUSTED_PROXIES": "::/0"}, ["TRUSTED_PROXIES"]),
        ({"DATA_DIR": __file__}, ["DATA_DIR"]),
        ({"LOG_FORMAT": "xml"}, ["LOG_FORMAT"]),
        ({"LOGIN": "ann:,bo:canary", "TRUSTED_PROXIES": "::/0", "MODE": "x"}, ["LOGIN", "TRUSTED_PROXIES", "MODE"]),
    ],
)
def test_settings_error_names_contradictions(environ: dict[str, str], named: list[str]) -> None:
    """All contradicting settings are named at once, and no secret is shown."""
    message = read_error(**environ)
    assert all(name in message for name in named)
    assert "canary" not in message


@pytest.mark.parametrize(
    ("environ", "named"),
    [
        ({"AILAB_API_KEY": "canary", "RAPIDAPI_KEY": "canary"}, ["AILAB_API_KEY", "RAPIDAPI_KEY"]),
        ({"MODE": "live"}, ["MODE"]),
        ({"AILAB_API_KEY": "canary", "HOST": "0.0.0.0", "CALLS_PER_DAY": "off"}, ["CALLS_PER_DAY"]),
        (
            {"AILAB_API_KEY": "canary", "TRUSTED_PROXIES": "127.0.0.1", "CALLS_PER_HOUR": "off"},
            ["CALLS_PER_HOUR", "others"],
        ),
        ({"AILAB_API_KEY": "canary", "HOST": "10.0.0.5", "CALLS_PER_DAY": "off"}, ["CALLS_PER_DAY"]),
        ({"AILAB_API_KEY": "canary", "AILAB_BASE_URL": "http://vendor.example"}, ["AILAB_BASE_URL"]),
    ],
)
def test_settings_warn_of_doubtful_combinations(environ: dict[str, str], named: list[str]) -> None:
    """A doubtful combination starts, with one warning each."""
    reveal = warnings(read(**environ))
    assert len(reveal) == 1
    assert all(name in reveal[0] for name in named)
    assert "canary" not in reveal[0]


def test_settings_do_not_warn_without_reason() -> None:
    """Plain settings, a stand-in for a vendor on this machine and a Space with caps bring no warning."""
    assert warnings(read()) == []
    own = {"MEITU_API_KEY": "k", "MEITU_API_SECRET": "s", "MEITU_BASE_URL": "http://127.0.0.1:8700"}
    assert warnings(read(**own)) == []
    assert warnings(read(SPACE_ID="somebody/demo", AILAB_API_KEY="k")) == []

"""Reads the settings: the name of each environment variable, and its default."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import cast, get_args

from dotenv import dotenv_values

from .model import MARKETPLACE_HOST, MARKETPLACE_PATH, MAX_OFFLINE_RUNS, LogFormat, Mode, Settings, SettingsError
from .readers import EnvReader, is_publicly_reachable
from .validation import validate

ENV_FILE = Path(__file__).resolve().parents[2] / ".env"
LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")
PUBLIC_CALLS_PER_DAY = 100  # the default caps of a publicly reachable demo
PUBLIC_CALLS_PER_HOUR = 10


def load_environment() -> Mapping[str, str]:
    """The process's environment, with ``.env`` behind it."""
    dotenv = dotenv_values(ENV_FILE, interpolate=False)
    return {**{name: value for name, value in dotenv.items() if value is not None}, **os.environ}


def parse_settings(environ: Mapping[str, str]) -> Settings:
    """The settings in `environ`. Raises SettingsError."""
    values = EnvReader(environ)
    default = Settings()
    rapidapi_key = values.secret("RAPIDAPI_KEY")
    rapidapi_host = values.host("RAPIDAPI_HOST", MARKETPLACE_HOST)
    uses_marketplace = rapidapi_key is not None and not values.text("AILAB_API_KEY")
    host = values.text("HOST") or values.text("GRADIO_SERVER_NAME") or _default_host(values, default.host)
    space, proxies = bool(values.text("SPACE_ID")), values.networks("TRUSTED_PROXIES")
    is_private = not is_publicly_reachable(host, proxies, space=space)
    default_ailab_url = f"https://{rapidapi_host}" if uses_marketplace else default.ailab_base_url
    settings = Settings(
        meitu_key=values.secret("MEITU_API_KEY"),
        meitu_secret=values.secret("MEITU_API_SECRET"),
        meitu_base_url=values.url("MEITU_BASE_URL", default.meitu_base_url),
        meitu_template_ids=tuple(part for part in values.text("MEITU_TEMPLATE_IDS").replace(",", " ").split()),
        templates_dir=values.folder("TEMPLATES_DIR"),
        ailab_key=values.secret("AILAB_API_KEY"),
        rapidapi_key=rapidapi_key,
        rapidapi_host=rapidapi_host,
        ailab_base_url=values.url("AILAB_BASE_URL", default_ailab_url),
        ailab_path=values.path("AILAB_PATH", MARKETPLACE_PATH if uses_marketplace else None),
        mode=cast(Mode, values.choice("MODE", get_args(Mode), default.mode)),
        login=values.login("LOGIN"),
        space=space,
        host=host,
        port=values.port("PORT" if values.text("PORT") else "GRADIO_SERVER_PORT", default.port),
        log_level=values.choice("LOG_LEVEL", LOG_LEVELS, default.log_level),
        log_format=cast(LogFormat, values.choice("LOG_FORMAT", get_args(LogFormat), default.log_format)),
        data_dir=values.text("DATA_DIR", default.data_dir),
        database_url=values.secret("DATABASE_URL"),
        calls_per_day=values.cap("CALLS_PER_DAY", None if is_private else PUBLIC_CALLS_PER_DAY),
        calls_per_hour=values.cap("CALLS_PER_HOUR", None if is_private else PUBLIC_CALLS_PER_HOUR),
        calls_per_second=values.rate("CALLS_PER_SECOND", default.calls_per_second),
        longest_wait=values.seconds("LONGEST_WAIT", default.longest_wait),
        breaker=values.switch("BREAKER", True),
        failure_lab=values.switch("FAILURE_LAB", is_private),
        mcp=values.switch("MCP", default.mcp),
        photo_urls=values.switch("PHOTO_URLS", is_private),
        mirror=values.switch("MIRROR", is_private),
        offline_each=values.count("OFFLINE_EACH", default.offline_each, maximum=MAX_OFFLINE_RUNS),
        trusted_proxies=proxies,
        meitu_recipient=values.single_line("MEITU_RECIPIENT", default.meitu_recipient),
        ailab_recipient=values.single_line("AILAB_RECIPIENT", default.ailab_recipient),
        keep_minutes=values.minutes("KEEP_MINUTES", default.keep_minutes),
        visible_label=values.switch("VISIBLE_LABEL", default.visible_label),
        result_hosts=values.result_hosts("RESULT_HOSTS", default.result_hosts),
        connect_timeout=values.seconds("CONNECT_TIMEOUT", default.connect_timeout),
        write_timeout=values.seconds("WRITE_TIMEOUT", default.write_timeout),
        read_timeout=values.seconds("READ_TIMEOUT", default.read_timeout),
    )
    errors = values.errors + validate(settings)
    if errors:
        raise SettingsError("; ".join(errors))
    return settings


def _default_host(values: EnvReader, default: str) -> str:
    """On a Space the page is reached from outside its container, so it listens on every address."""
    return "0.0.0.0" if values.text("SPACE_ID") else default

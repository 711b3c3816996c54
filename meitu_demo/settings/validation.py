"""Contradictions between settings, and combinations that deserve a warning. Pure, except for a look at DATA_DIR."""

from pathlib import Path
from urllib.parse import urlsplit

from .model import DATABASE_SCHEMES, Settings
from .readers import is_loopback_host, is_private_host, is_publicly_reachable


def validate(settings: Settings) -> list[str]:
    """One sentence for each reason not to start; it names the settings."""
    errors = []
    if (settings.meitu_key is None) != (settings.meitu_secret is None):
        missing = "MEITU_API_SECRET" if settings.meitu_key else "MEITU_API_KEY"
        errors.append(f"{missing} is missing: Meitu's key and secret come as a pair; set both or none")
    if settings.database_url and not _is_database_url(settings.database_url.get_secret_value()):
        errors.append("DATABASE_URL must begin with postgresql:// or sqlite:/// and be a URL that can be read")
    if Path(settings.data_dir).exists() and not Path(settings.data_dir).is_dir():
        errors.append("DATA_DIR is a file; it must be a folder, or a place where one can be made")
    if settings.space and is_loopback_host(settings.host):
        errors.append("HOST is this machine alone, and SPACE_ID says that this is a Space: nobody could reach it there")
    if any(network.prefixlen == 0 for network in settings.trusted_proxies):
        errors.append(
            "TRUSTED_PROXIES holds every address there is, so anybody could say where they come from; name the proxies"
        )
    return errors


def warnings(settings: Settings) -> list[str]:
    """One sentence for the log for each combination that works but may not be intended."""
    messages = []
    keys = [settings.meitu_key, settings.ailab_key, settings.rapidapi_key]
    is_public = is_publicly_reachable(settings.host, settings.trusted_proxies, space=settings.space)
    if settings.ailab_key and settings.rapidapi_key:
        messages.append("AILAB_API_KEY and RAPIDAPI_KEY are both set; AILAB_API_KEY is used, the other is not")
    if settings.mode == "live" and not any(keys):
        messages.append("MODE is live and no key is set: every run asks its visitor for keys")
    if settings.mode != "offline" and any(keys) and is_public:
        uncapped = [
            name
            for name, cap in (("CALLS_PER_DAY", settings.calls_per_day), ("CALLS_PER_HOUR", settings.calls_per_hour))
            if cap is None
        ]
        if uncapped:
            messages.append(f"{' and '.join(uncapped)} is off, and strangers reach the demo: they spend without a cap")
    for name, url, key in (
        ("MEITU_BASE_URL", settings.meitu_base_url, settings.meitu_key),
        ("AILAB_BASE_URL", settings.ailab_base_url, settings.ailab_key or settings.rapidapi_key),
    ):
        parts = urlsplit(url)
        if key and parts.scheme == "http" and not is_private_host(parts.hostname or ""):
            messages.append(f"{name} is not https: keys and photos go over the network unencrypted")
    return messages


def _is_database_url(url: str) -> bool:
    scheme, separator, rest = url.partition("://")
    try:
        urlsplit(url).port  # noqa: B018  # raises ValueError for a bad port
    except ValueError:
        return False
    return scheme in DATABASE_SCHEMES and bool(separator and rest)

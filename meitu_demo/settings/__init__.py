"""Settings: the only reader of the environment. One message at start names all wrong values."""

from .environment import (
    MARKETPLACE_HOST,
    MARKETPLACE_PATH,
    MAX_OFFLINE_RUNS,
    RESULT_HOSTS,
    Mode,
    Settings,
    SettingsError,
    hide_network_settings,
    warnings,
)
from .readers import Network, Price, is_key_field_name, is_url_safe

__all__ = [
    "MARKETPLACE_HOST",
    "MARKETPLACE_PATH",
    "MAX_OFFLINE_RUNS",
    "RESULT_HOSTS",
    "Mode",
    "Network",
    "Price",
    "Settings",
    "SettingsError",
    "hide_network_settings",
    "is_key_field_name",
    "is_url_safe",
    "warnings",
]

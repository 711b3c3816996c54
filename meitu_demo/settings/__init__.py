"""Settings: the only reader of the environment. One message at start names all wrong values.

environment   `Settings`: variables, defaults, contradictions, warnings
readers       parse values of each kind
"""

from .environment import (
    MARKETPLACE_HOST,
    MARKETPLACE_PATH,
    MAX_OFFLINE_RUNS,
    RESULT_HOSTS,
    Mode,
    Settings,
    SettingsError,
    warnings,
)
from .readers import Network, is_url_safe

__all__ = [
    "MARKETPLACE_HOST",
    "MARKETPLACE_PATH",
    "MAX_OFFLINE_RUNS",
    "RESULT_HOSTS",
    "Mode",
    "Network",
    "Settings",
    "SettingsError",
    "is_url_safe",
    "warnings",
]

"""Settings: the only reader of the environment. A wrong or half-set value is named in one clear message at start.

model         what is set                   environment  how it is read: each name, and its default
values        readers of kinds of values
"""

from .model import MARKETPLACE_HOST, MAX_OFFLINE_RUNS, RESULT_HOSTS, Mode, Network, Settings, SettingsError
from .readers import is_url_safe
from .validation import warnings

__all__ = [
    "MARKETPLACE_HOST",
    "MAX_OFFLINE_RUNS",
    "RESULT_HOSTS",
    "Mode",
    "Network",
    "Settings",
    "SettingsError",
    "is_url_safe",
    "warnings",
]

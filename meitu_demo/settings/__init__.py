"""Settings: the only reader of the environment. All wrong values are named in one message at start.

model    `Settings`, the values      environment   the names of the variables and their defaults
readers  parse values of each kind   validation    contradictions and warnings
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

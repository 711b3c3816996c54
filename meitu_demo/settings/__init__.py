"""Settings: the only reader of the environment. A wrong or half-set value is named in one clear message at start.

model         what is set                   environment  how it is read: each name, and its default
values        readers of kinds of values
"""

from .addresses import is_plain
from .contradictions import oddities
from .model import MARKETPLACE_HOST, OFFLINE_PLACES, RESULT_HOSTS, Mode, Network, Settings, SettingsError

__all__ = [
    "MARKETPLACE_HOST",
    "OFFLINE_PLACES",
    "RESULT_HOSTS",
    "Mode",
    "Network",
    "Settings",
    "SettingsError",
    "is_plain",
    "oddities",
]

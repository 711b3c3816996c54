"""What an evaluation calls: each photo × each endpoint with its values × each target. Says what that costs."""

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cached_property
from typing import Any, Literal

from ..domain.model import Endpoint
from ..domain.translations import translate
from ..settings import Price
from .photo_set import PhotoSet, PhotoSource

Target = Literal["offline", "live"]
TARGETS: Mapping[str, tuple[Target, ...]] = {
    "offline": ("offline",), "live": ("live",), "both": ("offline", "live"),
}  # fmt: skip


@dataclass(frozen=True)
class Setup:
    """An endpoint with values, which `Endpoint.validate` has checked."""

    endpoint: Endpoint
    values: Mapping[str, Any] = field(repr=False)

    @cached_property
    def key(self) -> str:
        """The same text for the same endpoint and values."""
        return f"{self.endpoint.id} {json.dumps(dict(self.values), sort_keys=True)}"

    def describe(self, language: str) -> str:
        """The endpoint's name and its values in one line."""
        name = translate(f"panels.{self.endpoint.id}.tab", language)
        settings = [control.describe_setting(self.values[control.name], language) for control in self.endpoint.controls]
        return " · ".join([name, *settings])


@dataclass(frozen=True)
class Job:
    """One call of the plan."""

    photo: PhotoSource
    setup: Setup
    target: Target

    @cached_property
    def key(self) -> str:
        """Tells this call from all others, also in a later process: hash of the photo, target, endpoint and values."""
        return f"{self.photo.sha256} {self.target} {self.setup.key}"


@dataclass(frozen=True)
class Plan:
    """The photos, the endpoints with their values, and the targets. prices: of the endpoints whose price is known."""

    photos: PhotoSet
    setups: tuple[Setup, ...]
    targets: tuple[Target, ...]
    prices: Mapping[str, Price] = field(default_factory=dict)

    @cached_property
    def jobs(self) -> tuple[Job, ...]:
        """All calls, photo by photo."""
        return tuple(
            Job(photo, setup, target)
            for photo in self.photos.photos
            for setup in self.setups
            for target in self.targets
        )


def estimate_cost(jobs: Sequence[Job], prices: Mapping[str, Price]) -> str:
    """What the live calls among `jobs` cost: see `add_prices`."""
    return add_prices((prices.get(job.setup.endpoint.id), 1) for job in jobs if job.target == "live")


def add_prices(calls: Iterable[tuple[Price | None, int]]) -> str:
    """What numbers of calls cost together, such as "6.00 CNY + 2 USD"; "" if the price of any is unknown."""
    totals: defaultdict[str, Decimal] = defaultdict(Decimal)
    for price, count in calls:
        if price is None and count:
            return ""
        if price is not None:
            totals[price.currency] += price.amount * count
    return " + ".join(f"{amount:,f} {currency}" for currency, amount in totals.items())

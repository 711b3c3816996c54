"""What an evaluation calls: each photo × each endpoint with its values × each target. Says what that costs."""

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from functools import cached_property
from typing import Any, Literal

from ..domain.errors import ValueRejected
from ..domain.model import Endpoint
from ..domain.translations import translate
from ..endpoints import CATALOGUE
from ..settings import Price
from .photo_set import PhotoSet, PhotoSource

Target = Literal["offline", "live"]
TARGETS: Mapping[str, tuple[Target, ...]] = {
    "offline": ("offline",), "live": ("live",), "both": ("offline", "live"),
}  # fmt: skip
SHOWN_HASH_CHARS = 8  # of a photo without a name


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

    def with_files_of(self, given: PhotoSet) -> "Plan":
        """The same plan, where the photos that are among `given`, known by their hash, are read from there."""
        sources = {photo.sha256: photo for photo in given.photos}
        photos = tuple(sources.get(photo.sha256, photo) for photo in self.photos.photos)
        return replace(self, photos=replace(self.photos, photos=photos))

    def as_json(self) -> dict[str, Any]:
        """For `from_json`: all but the names and paths of the photos, and the prices."""
        return {
            "photos": [[photo.sha256, photo.size_bytes, *photo.size] for photo in self.photos.photos],
            "setups": [[setup.endpoint.id, dict(setup.values)] for setup in self.setups],
            "targets": self.targets,
        }

    @classmethod
    def from_json(cls, row: Mapping[str, Any], prices: Mapping[str, Price]) -> "Plan | None":
        """The plan that `as_json` wrote, its photos without files; None if an API no longer takes its values."""
        photos = (
            PhotoSource(f"{sha256[:SHOWN_HASH_CHARS]}…", sha256, size_bytes, (width, height), None)
            for sha256, size_bytes, width, height in row["photos"]
        )
        try:
            setups = tuple(Setup(CATALOGUE[name], CATALOGUE[name].validate(values)) for name, values in row["setups"])
        except (KeyError, ValueRejected):  # the server was updated
            return None
        return cls(PhotoSet(tuple(photos)), setups, tuple(row["targets"]), prices)


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

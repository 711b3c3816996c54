"""`PRICE_PER_CALL`: what a live call of an endpoint costs, as the owner knows it from the vendor's contract."""

import re
from dataclasses import dataclass
from decimal import Decimal

MAX_PRICE = Decimal(1_000_000)
_ENTRY_PATTERN = re.compile(r"([a-z][a-z0-9_]*)\s*=\s*([0-9]{1,7}(?:\.[0-9]{1,6})?)\s*([A-Z]{3})")


@dataclass(frozen=True, slots=True)
class Price:
    """What one live call of an endpoint costs. currency: three capital letters, such as CNY."""

    endpoint_id: str
    amount: Decimal
    currency: str

    def format_total(self, calls: int = 1) -> str:
        """What that many calls cost, with the decimals of the setting: "0.30 CNY"."""
        return f"{self.amount * calls:,f} {self.currency}"


def parse_prices(name: str, text: str) -> tuple[tuple[Price, ...], list[str]]:
    """The prices in `text`, such as "face_fuse=0.30 CNY, anime_avatar=0.20 CNY", and one sentence for each mistake.

    name: of the setting. Whether the endpoints exist is checked by `CallService`.
    """
    prices: dict[str, Price] = {}
    errors: list[str] = []
    for entry in filter(None, (part.strip() for part in text.split(","))):
        match = _ENTRY_PATTERN.fullmatch(entry)
        if match is None or Decimal(match[2]) > MAX_PRICE:
            errors.append(f"{name} must be prices such as face_fuse=0.30 CNY, separated by commas")
            break
        if match[1] in prices:
            errors.append(f"{name} names {match[1]} twice")
        prices[match[1]] = Price(match[1], Decimal(match[2]), match[3])
    return tuple(prices.values()), errors

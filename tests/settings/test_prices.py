"""PRICE_PER_CALL: what a live call costs, and one sentence for each mistake."""

import httpx
import pytest

from meitu_demo.service import CallService
from meitu_demo.settings import Settings, SettingsError


def test_prices_keep_their_decimals() -> None:
    """A price is an amount and a currency for each endpoint; a total keeps the decimals."""
    prices = Settings.from_env({"PRICE_PER_CALL": "face_fuse=0.30 CNY,  anime_avatar = 2USD,"}).price_per_call
    assert [(price.endpoint_id, price.format_total(12)) for price in prices] == [
        ("face_fuse", "3.60 CNY"),
        ("anime_avatar", "24 USD"),
    ]


@pytest.mark.parametrize(
    "text",
    ["face_fuse", "face_fuse=0.30", "face_fuse=-1 CNY", "face_fuse=1e9 CNY", "face_fuse=NaN CNY", "=1 CNY",
     "face_fuse=9999999 CNY"],
)  # fmt: skip
def test_prices_name_one_that_is_none(text: str) -> None:
    """A price without amount, currency or name, or out of range, stops the start and says how one looks."""
    with pytest.raises(SettingsError) as caught:
        Settings.from_env({"PRICE_PER_CALL": text})
    assert str(caught.value) == "PRICE_PER_CALL must be prices such as face_fuse=0.30 CNY, separated by commas"


def test_prices_name_an_endpoint_twice() -> None:
    """Two prices for one endpoint are a mistake."""
    with pytest.raises(SettingsError, match="face_fuse twice"):
        Settings.from_env({"PRICE_PER_CALL": "face_fuse=1 CNY, face_fuse=2 CNY"})


async def test_prices_of_an_unknown_endpoint_stop_the_start() -> None:
    """The service knows the endpoints: a price for another names them."""
    settings = Settings.from_env({"PRICE_PER_CALL": "face_fusion=1 CNY"})
    async with httpx.AsyncClient() as client:
        with pytest.raises(SettingsError, match="no face_fusion; the endpoints are face_fuse"):
            CallService(client, settings)

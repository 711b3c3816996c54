"""Odd arguments for every event of the page: each ends in words, without a stack trace, and its stream is whole."""

import json
import logging
import random
import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import httpx
import numpy as np
import pytest
from ui.conftest import Page

from meitu_demo.photos import codec

pytestmark = pytest.mark.chaos
PATH = "/etc/passwd"
META = {"_type": "gradio.FileData"}
ODD_VALUES: list[Any] = [
    {}, {"a": 1}, {"path": "x"}, {"path": PATH}, {"path": PATH, "meta": META}, {"path": PATH, "meta": None},
    {"path": PATH, "meta": 5}, {"path": {"path": PATH}, "meta": META}, {"path": "\ud800", "meta": META},
    {"path": "\0", "meta": META}, {"path": "http://127.0.0.1:1/", "url": "http://127.0.0.1:1/", "meta": META},
    {"path": None, "url": None}, {"__type__": "update", "value": 1}, {"index": 0}, {"index": -1, "value": ""},
    {"index": 10**9, "value": ""}, {"index": "0", "value": ""}, {"index": [0, 1], "value": ""}, [], [None], [[]],
    [{"path": PATH}], ["x"] * 1000, None, True, False, 0, -1, 10**400, 1e308, -0.5, float("nan"), float("inf"), "",
    "\0", "\ud800", "a\udfffb", PATH, f"../../..{PATH}", "x" * 100_000, "１", "<script>", "{}", "[" * 5000,
]  # fmt: skip


def is_explained(answer: str) -> bool:
    """Whether the event ended with a result, or with an error in words that names no path."""
    messages = json.loads(answer)
    ends = [message for message in messages if message["msg"] == "process_completed"]
    errors = [end["output"].get("error") for end in ends if not end["success"]]
    return len(ends) == 1 and all(isinstance(error, str) and len(error) > 20 and PATH not in error for error in errors)


def test_every_event_explains_odd_arguments(
    page: Page,
    rounds: Callable[[int], int],
    figure: Callable[[str], None],
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    """Each value for each event, in one of its arguments or as its event data, and too few and too many of them."""
    caplog.set_level(logging.INFO)
    photo = page.upload(codec.encode(np.zeros((8, 8, 3), np.uint8)))  # refused for its size where it is read
    defaults = {part["id"]: part["props"].get("value") for part in page.config["components"]}
    kinds = {part["id"]: part["type"] for part in page.config["components"]}
    events = [event for event in page.config["dependencies"] if event["backend_fn"]]
    private = [event for event in events if event["api_visibility"] == "private"]
    cases = [(event, number) for event in private for number in range(len(ODD_VALUES))]
    tried = random.Random(6).sample(cases, rounds(len(cases)))
    unexplained = []
    with httpx.Client(timeout=60) as client:
        connected_page = replace(page, http=client)
        for event, number in tried:
            value = ODD_VALUES[number]
            values = [photo if kinds[part] == "image" else defaults[part] for part in event["inputs"]]
            if values:
                values[number % len(values)] = value
            values = (
                values[: len(values) - 1] if number % 19 == 18 else [*values, value] if number % 23 == 22 else values
            )
            if not is_explained(connected_page.join(event["id"], values, event_data=value)):
                unexplained.append((event["api_name"], value))
    out, err = capfd.readouterr()
    printed = "\n".join([out, err, caplog.text])
    assert unexplained == []
    assert re.findall(r"Traceback.*(?:\n[ +|].*)*\n.*|.*passwd.*", printed) == []
    figure(f"odd arguments: {len(tried)} of {len(private)} events × {len(ODD_VALUES)} values, each explained")

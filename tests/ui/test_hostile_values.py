"""Hostile values in API calls and events: each ends soon, with an explanation or a refusal that reveals nothing."""

import json
import re
import time
from collections.abc import Callable
from typing import Any

import httpx
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from ui.conftest import Page

from meitu_demo.photos import codec

pytestmark = pytest.mark.fuzz
TELLTALE = re.compile(r'Traceback|File \\?"|\.py\b|site-packages|/meitu_demo/|/(?:home|root|usr)/')
MAX_CALL_S = 20.0  # on a machine that may be busy
VALID_VALUES: dict[str, list[Any]] = {
    "face_fuse": ["lion"], "anime_avatar": ["1.0.0"], "quality_restoration": [], "facial_aesthetics": [8, 0.5],
}  # fmt: skip
PARAMETER_NAMES = {
    "face_fuse": ["template_id"],
    "anime_avatar": ["version"],
    "facial_aesthetics": ["shape_type", "strength"],
}
PARAMETERS = [(name, position) for name, values in VALID_VALUES.items() for position in range(len(values) + 3)]
HOSTILE_VALUES = [
        float("nan"), float("inf"), -1e308, 10**400, "x" * 1_000_000, ["x"] * 10_000, {"a": {"b": [1]}}, "１", "٣",
        "\0", "\ud800", True, None, -1, {"__type__": "update"}, {"path": "/etc/passwd", "meta": None}]  # fmt: skip
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=40) | st.sampled_from(HOSTILE_VALUES),
    lambda parts: st.lists(parts, max_size=3) | st.dictionaries(st.text(max_size=8), parts, max_size=3),
    max_leaves=8,
)


@pytest.fixture(scope="module")
def photo(page: Page) -> dict[str, Any]:
    """An upload that every function refuses at once for its size, so that only the other values are tried."""
    return page.upload(codec.encode(np.zeros((8, 8, 3), np.uint8)))


def call_api(page: Page, path: str, body: Any) -> tuple[int, str]:
    """(status, text) at the end of a call. The body may contain NaN and infinities, which JSON does not have."""
    started_s = time.monotonic()
    content = json.dumps(body).encode()
    answer = httpx.post(f"{page.url}/gradio_api/{path}", content=content, headers={"content-type": "application/json"})
    status, text = answer.status_code, answer.text
    if status == 200 and "call/" in path:
        name = path.rpartition("/")[2]
        text = httpx.get(f"{page.url}/gradio_api/call/{name}/{answer.json()['event_id']}", timeout=60).text
    assert time.monotonic() - started_s < MAX_CALL_S
    return status, text


def is_clean(status: int, text: str) -> bool:
    """Whether this is an explanation, a result or a refusal, without a stack trace or path."""
    explained = status == 200 and "event: " in text and '"error": null' not in text and "data: null" not in text
    return (explained or 400 <= status < 500) and len(text) < 20_000 and not TELLTALE.search(text)


def test_api_functions_explain_or_refuse_any_value(
    page: Page, photo: dict[str, Any], rounds: Callable[[int], int], figure: Callable[[str], None]
) -> None:
    """For each parameter of the four functions, by position and by name."""
    tried = rounds(1000)

    @settings(max_examples=tried, suppress_health_check=list(HealthCheck), database=None)
    @given(st.sampled_from(PARAMETERS), JSON, st.booleans())
    def any_value(parameter: tuple[str, int], value: Any, by_name: bool) -> None:
        name, position = parameter
        values = [photo, *VALID_VALUES[name], False, False]
        values[position] = value
        if by_name:
            arguments = dict(zip(["photo", *PARAMETER_NAMES.get(name, []), "consent", "again"], values, strict=True))
            assert is_clean(*call_api(page, f"call/v2/{name}", arguments)), (parameter, value)
        else:
            assert is_clean(*call_api(page, f"call/{name}", {"data": values})), (parameter, value)

    any_value()
    figure(f"hostile values: {tried} calls, each explained or refused")


@pytest.mark.parametrize("value", HOSTILE_VALUES, ids=lambda value: repr(value)[:20])
def test_api_functions_explain_or_refuse_each_hostile_value(value: Any, page: Page, photo: dict[str, Any]) -> None:
    """A million characters, NaN and infinity, digits of other scripts, a lone surrogate, a `meta` that is none."""
    for name, position in PARAMETERS:
        values = [photo, *VALID_VALUES[name], False, False]
        values[position] = value
        assert is_clean(*call_api(page, f"call/{name}", {"data": values})), (name, position)


MALFORMED_BODIES = [
          "", "nonsense", "[]", "{}", '{"data": 1}', '{"data": null}', '{"data": []}', '{"data": [1, 2, 3, 4, 5, 6]}',
          '{"data": [NaN], "fn_index": "x"}', f'{{"data": {"[" * 50_000}{"]" * 50_000}}}', '{"photo": 5, "nobody": 1}',
          '{"fn_index": 9999, "data": [], "session_hash": "x"}', '{"fn_index": -1, "data": [], "session_hash": "x"}',
          '{"fn_index": 1, "data": [], "session_hash": 5}', '{"fn_index": 1e400, "data": [], "session_hash": "x"}',
          '{"data": [], "fn_index": null, "session_hash": null, "event_data": {"path": "/etc/passwd"}}']  # fmt: skip


@pytest.mark.parametrize(
    "path", ["call/face_fuse", "call/v2/face_fuse", "queue/join", "cancel", "reset", "call/nobody"]
)
def test_malformed_bodies_are_refused(path: str, page: Page) -> None:
    """With 4xx or an explanation; never with 500, and none is echoed."""
    for body in MALFORMED_BODIES:
        answer = httpx.post(f"{page.url}/gradio_api/{path}", content=body, headers={"content-type": "application/json"})
        assert answer.status_code < 500, body[:60]
        assert not TELLTALE.search(answer.text)
        assert len(answer.text) < 500

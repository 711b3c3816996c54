"""Bounds Gradio's sessions: how many an address may have, which go first, and how much memory each takes.

In Gradio 6.31.0 every event may name a new session. The ten-thousandth pushes out the least recently used one, whoever
waits in it; and the messages of the two-thousandth push out those of the first, which cuts its stream. Each session
holds the configuration of every component, 0.2 MB, for a route that the demo does not serve.
"""

import logging
from collections import ChainMap, Counter, OrderedDict
from collections.abc import Callable, Sequence
from types import SimpleNamespace
from typing import Any

import gradio as gr
from gradio import state_holder
from gradio.data_classes import PredictBodyInternal
from starlette.requests import Request

from ...domain.errors import SessionsFull
from ...domain.explanations import explain
from ...domain.translations import match_language
from ...runtime.log_format import RateLimitFilter
from ...settings import Network
from ..caller import resolve_address

log = logging.getLogger(__name__)
log.addFilter(RateLimitFilter())
MAX_SESSIONS, MAX_ADDRESS_SESSIONS = 1000, 200  # a person has one for each page, and one for each API call under way


class LeanSessionState(state_holder.SessionState):
    """A session that shares the page's components with all others until it changes one, and keeps no configuration."""

    def __init__(self, blocks: gr.Blocks) -> None:
        super().__init__(SimpleNamespace(default_config=blocks.default_config, blocks={}))  # type: ignore[arg-type]
        self.blocks_config.blocks = ChainMap({}, blocks.default_config.blocks)  # type: ignore[assignment]

    def _update_config(self, key: int) -> None:
        pass

    def _update_value_in_config(self, key: int, value: Any) -> None:
        pass


class SessionQuota:
    """Which address each session of `blocks` belongs to. For one event loop.

    trusted_proxies: their X-Forwarded-For names the address. is_paid: whether the value of a gr.State names a paid call
    whose result is kept.
    """

    def __init__(
        self, blocks: gr.Blocks, trusted_proxies: Sequence[Network], is_paid: Callable[[object], bool]
    ) -> None:
        self._blocks = blocks
        self._is_paid = is_paid
        self._trusted_proxies = trusted_proxies
        self._addresses: OrderedDict[str, str] = OrderedDict()  # by session, the least recently used first

    def install(self) -> None:
        """Check every event of the page and the API before it is queued."""
        state_holder.SessionState = LeanSessionState  # type: ignore[misc]
        self._blocks.state_session_capacity = MAX_SESSIONS
        queue = self._blocks._queue
        queue.pending_messages_per_session = {}  # type: ignore[assignment]  # Gradio's pushes out the oldest
        push = queue.push

        async def push_within_quota(
            body: PredictBodyInternal, request: Request, username: str | None
        ) -> tuple[bool, Any, str]:
            address = resolve_address(request, self._trusted_proxies)
            if not self._make_room(body.session_hash, address):
                log.info("an event was refused: its address has too many sessions that are in use")
                language = match_language(request.headers.get("accept-language"))
                return False, explain(SessionsFull(), language, is_billable=False).as_text(), "error"
            answer = await push(body=body, request=request, username=username)
            if body.session_hash is not None:  # Gradio names the session of an API call after its event
                self._addresses[body.session_hash] = address
                self._addresses.move_to_end(body.session_hash)
            return answer

        queue.push = push_within_quota  # type: ignore[method-assign,assignment]

    def _make_room(self, session: str | None, address: str) -> bool:
        """Evict sessions until there is room for `session`; False if all that could go are in use."""
        for known in [known for known in self._addresses if not self._exists(known)]:
            del self._addresses[known]
        if session in self._addresses:
            return True
        counts = Counter(self._addresses.values())
        while counts[address] >= MAX_ADDRESS_SESSIONS or counts.total() >= MAX_SESSIONS:
            crowded = address if counts[address] >= MAX_ADDRESS_SESSIONS else counts.most_common(1)[0][0]
            evictable = self._choose_evictable(crowded)
            if evictable is None:
                return False
            self._evict(evictable)
            counts[crowded] -= 1
        return True

    def _choose_evictable(self, address: str) -> str | None:
        """A session of `address` without an event under way and without a paid call; first one that holds nothing."""
        busy = {event.session_hash for event in self._blocks._queue.event_ids_to_events.values()}
        candidates = []
        for session, owner in self._addresses.items():
            if owner == address and session not in busy:
                state = self._blocks.state_holder.session_data.get(session)
                held = [value for value in state.state_data.values() if value] if state and not state.is_closed else []
                if not held:
                    return session
                if not any(map(self._is_paid, held)):
                    candidates.append(session)
        return candidates[0] if candidates else None

    def _exists(self, session: str) -> bool:
        return (
            session in self._blocks.state_holder.session_data
            or session in self._blocks._queue.pending_messages_per_session
        )

    def _evict(self, session: str) -> None:
        self._addresses.pop(session)
        self._blocks.state_holder.session_data.pop(session, None)
        self._blocks.state_holder.time_last_used.pop(session, None)
        self._blocks._queue.pending_messages_per_session.pop(session, None)
        self._blocks._queue.pending_event_ids_session.pop(session, None)

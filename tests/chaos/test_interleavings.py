"""Clicks, repeats, cancellations and API calls in any order at any moment: each intent is charged at most once.

Single-flight, pipeline and ledger are the app's; time, rate limit and the vendor's answers are controlled by the test.
"""

import asyncio
from collections import Counter
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from chaos.scripted_call_stack import ENDPOINT_IDS, LIFE_S, SESSIONS, Answer, ScriptedCallStack, Waiter
from meitu_demo.calls.single_flight import FORCE_ANY, FORCE_NONE

STEPS = 30
pytestmark = pytest.mark.chaos


def without_interruption(rule_body: Callable[..., None]) -> Callable[..., None]:
    """Run a rule's whole body before any task that it starts can proceed."""

    @wraps(rule_body)
    def body(machine: "Machine", **drawn: Any) -> None:
        machine.stack.run_until_idle(lambda: rule_body(machine, **drawn))

    return body


class Machine(RuleBasedStateMachine):
    """Visitors who act in any order, and a model of what each of them may be charged for."""

    def __init__(self, stack: ScriptedCallStack, counted: Counter[str]) -> None:
        super().__init__()
        self.stack, self.counted = stack, counted
        self.waiters: list[Waiter] = []  # whose pages are still open
        self.call_ids: list[int] = [FORCE_NONE]
        stack.reset()

    def click(self, session: str, endpoint_id: str, force: int = FORCE_NONE) -> None:
        """Click; `stack` checks that single-flight and the model agree on whether it is a new intent."""
        self.counted["clicks"] += 1
        self.waiters.append(self.stack.click(session, endpoint_id, force))
        self.call_ids.append(self.waiters[-1].handle.call.id)

    @rule(session=st.sampled_from(SESSIONS), endpoint_id=st.sampled_from(ENDPOINT_IDS), times=st.integers(1, 3))
    @without_interruption
    def clicks(self, session: str, endpoint_id: str, times: int) -> None:
        for _ in range(times):
            self.click(session, endpoint_id)

    @rule(
        data=st.data(),
        session=st.sampled_from(SESSIONS),
        endpoint_id=st.sampled_from(ENDPOINT_IDS),
        times=st.integers(1, 2),
    )
    @without_interruption
    def clicks_run_again(self, data: st.DataObject, session: str, endpoint_id: str, times: int) -> None:
        current = self.stack.current_call_id(session, endpoint_id)
        force = data.draw(
            st.sampled_from([current, current, *self.call_ids[-3:]]), label="call id, mostly the current one"
        )
        for _ in range(times):
            self.click(session, endpoint_id, force)

    @rule(session=st.sampled_from(SESSIONS), endpoint_id=st.sampled_from(ENDPOINT_IDS))
    @without_interruption
    def calls_the_api_again(self, session: str, endpoint_id: str) -> None:
        self.click(session, endpoint_id, FORCE_ANY)

    @precondition(lambda self: self.waiters)
    @rule(data=st.data(), returns=st.booleans())
    @without_interruption
    def leaves(self, data: st.DataObject, returns: bool) -> None:
        waiter = self.waiters.pop(data.draw(st.integers(0, len(self.waiters) - 1), label="visitor"))
        self.stack.leave(waiter)
        if returns:
            self.click(waiter.model.session, waiter.model.endpoint_id)

    @precondition(lambda self: self.stack.calls_in("waiting"))
    @rule(data=st.data(), is_rejected=st.sampled_from([False, False, False, True]))
    @without_interruption
    def rate_limit_wait_ends(self, data: st.DataObject, is_rejected: bool) -> None:
        self.stack.end_rate_limit_wait(
            data.draw(st.sampled_from(self.stack.calls_in("waiting")), label="call"), is_rejected=is_rejected
        )

    @precondition(lambda self: self.stack.calls_in("sent"))
    @rule(data=st.data(), answer=st.sampled_from(Answer))
    @without_interruption
    def vendor_answers(self, data: st.DataObject, answer: Answer) -> None:
        self.stack.answer(data.draw(st.sampled_from(self.stack.calls_in("sent")), label="call"), answer)

    @rule(works=st.booleans())
    def links_work(self, works: bool) -> None:
        self.stack.links_work = works

    @rule(share=st.sampled_from([0.4, 1.1]))
    def time_passes(self, share: float) -> None:
        self.stack.now += share * LIFE_S

    @rule(session=st.sampled_from(SESSIONS))
    def session_is_evicted(self, session: str) -> None:
        self.stack.evict(session)

    @invariant()
    def no_intent_is_charged_twice(self) -> None:
        assert self.stack.count_charges() <= self.stack.intents
        assert max(self.stack.charges.values(), default=0) <= 1

    @invariant()
    def results_belong_to_their_calls(self) -> None:
        for waiter in self.waiters:
            waiter.check()

    def teardown(self) -> None:
        """Each call that was sent has its final row in the ledger, and every waiter has a result."""
        self.stack.close()
        assert all(waiter.task and waiter.task.done() for waiter in self.waiters)
        self.results_belong_to_their_calls()
        self.counted["charges"] += self.stack.charges.total()
        self.counted["duplicates"] += (self.stack.count_charges() - self.stack.intents).total()


def test_single_flight_charges_an_intent_once_in_any_interleaving(
    folder: Path, portrait: bytes, rounds: Callable[[int], int], figure: Callable[[str], None]
) -> None:
    """In any order of clicks, cancellations and answers, an intent is charged at most once."""
    runs, counted = rounds(1000), Counter[str]()
    with asyncio.Runner() as runner, pytest.MonkeyPatch.context() as patch:
        stack = ScriptedCallStack(runner, folder, portrait, patch)

        def machine() -> Machine:
            counted["interleavings"] += 1
            return Machine(stack, counted)

        run_state_machine_as_test(  # type: ignore[no-untyped-call]
            machine,
            settings=settings(
                max_examples=runs, stateful_step_count=STEPS, deadline=None, suppress_health_check=list(HealthCheck)
            ),
        )
    assert counted["duplicates"] == 0
    assert counted["charges"] > runs
    figure(", ".join(f"{counted[name]} {name}" for name in ("interleavings", "clicks", "charges", "duplicates")))

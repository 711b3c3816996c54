"""Click, repeat, cancel, API, in any order and at any moment: each intent is charged at most once.

The desk, the service and the ledger are the app's own; time, turns and the vendor's answers are the machine's.
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

from chaos.scripted_call_stack import LIFE_S, ORDERS, SESSIONS, Answer, Claim, ShopByHand
from meitu_demo.calls.single_flight import FORCE_ANY, FORCE_NONE

STEPS = 30
pytestmark = pytest.mark.chaos


def in_one_go(rule_body: Callable[..., None]) -> Callable[..., None]:
    """All that a rule does happens in the same moment, before anything that it has begun goes on."""

    @wraps(rule_body)
    def body(machine: "Machine", **drawn: Any) -> None:
        machine.shop.moment(lambda: rule_body(machine, **drawn))

    return body


class Machine(RuleBasedStateMachine):
    """Everybody at once, beside a model of what each of them may be charged for."""

    def __init__(self, shop: ShopByHand, counted: Counter[str]) -> None:
        super().__init__()
        self.shop, self.counted = shop, counted
        self.claims: list[Claim] = []  # of those who still watch
        self.numbers: list[int] = [FORCE_NONE]
        shop.open()

    def click(self, session: str, order: str, again: int = FORCE_NONE) -> None:
        """A new intent, or not, as the model says; `shop` sees to it that the desk says the same."""
        self.counted["clicks"] += 1
        self.claims.append(self.shop.click(session, order, again))
        self.numbers.append(self.claims[-1].ticket.call_id)

    @rule(session=st.sampled_from(SESSIONS), order=st.sampled_from(ORDERS), times=st.integers(1, 3))
    @in_one_go
    def clicks(self, session: str, order: str, times: int) -> None:
        for _ in range(times):
            self.click(session, order)

    @rule(data=st.data(), session=st.sampled_from(SESSIONS), order=st.sampled_from(ORDERS), times=st.integers(1, 2))
    @in_one_go
    def clicks_run_again(self, data: st.DataObject, session: str, order: str, times: int) -> None:
        shown = self.shop.shown(session, order)
        again = data.draw(st.sampled_from([shown, shown, *self.numbers[-3:]]), label="mostly what is shown")
        for _ in range(times):
            self.click(session, order, again)

    @rule(session=st.sampled_from(SESSIONS), order=st.sampled_from(ORDERS))
    @in_one_go
    def calls_the_api_again(self, session: str, order: str) -> None:
        self.click(session, order, FORCE_ANY)

    @precondition(lambda self: self.claims)
    @rule(data=st.data(), back=st.booleans())
    @in_one_go
    def leaves(self, data: st.DataObject, back: bool) -> None:
        claim = self.claims.pop(data.draw(st.integers(0, len(self.claims) - 1), label="who"))
        self.shop.leave(claim)
        if back:
            self.click(claim.known.session, claim.known.order)

    @precondition(lambda self: self.shop.under_way("waiting"))
    @rule(data=st.data(), full=st.sampled_from([False, False, False, True]))
    @in_one_go
    def turn_comes(self, data: st.DataObject, full: bool) -> None:
        self.shop.let_through(data.draw(st.sampled_from(self.shop.under_way("waiting")), label="whose"), full=full)

    @precondition(lambda self: self.shop.under_way("sent"))
    @rule(data=st.data(), answer=st.sampled_from(Answer))
    @in_one_go
    def vendor_answers(self, data: st.DataObject, answer: Answer) -> None:
        self.shop.answer(data.draw(st.sampled_from(self.shop.under_way("sent")), label="which call"), answer)

    @rule(works=st.booleans())
    def links_work(self, works: bool) -> None:
        self.shop.links_work = works

    @rule(share=st.sampled_from([0.4, 1.1]))
    def time_passes(self, share: float) -> None:
        self.shop.now += share * LIFE_S

    @rule(session=st.sampled_from(SESSIONS))
    def is_forgotten(self, session: str) -> None:
        self.shop.forget(session)

    @invariant()
    def no_intent_is_charged_twice(self) -> None:
        assert self.shop.charged() <= self.shop.intents
        assert max(self.shop.charges.values(), default=0) <= 1

    @invariant()
    def nobody_sees_anothers_picture(self) -> None:
        for claim in self.claims:
            claim.check()

    def teardown(self) -> None:
        """What was sent is written down as it ended, and whoever has waited has been told."""
        self.shop.close()
        assert all(claim.task and claim.task.done() for claim in self.claims)
        self.nobody_sees_anothers_picture()
        self.counted["charges"] += self.shop.charges.total()
        self.counted["duplicates"] += (self.shop.charged() - self.shop.intents).total()


def test_single_flight_charges_an_intent_once_in_any_interleaving(
    folder: Path, portrait: bytes, rounds: Callable[[int], int], figure: Callable[[str], None]
) -> None:
    """In any order of clicks, cancellations and answers, an intent is charged at most once."""
    runs, counted = rounds(1000), Counter[str]()
    with asyncio.Runner() as runner, pytest.MonkeyPatch.context() as patch:
        shop = ShopByHand(runner, folder, portrait, patch)

        def machine() -> Machine:
            counted["interleavings"] += 1
            return Machine(shop, counted)

        run_state_machine_as_test(  # type: ignore[no-untyped-call]
            machine,
            settings=settings(
                max_examples=runs, stateful_step_count=STEPS, deadline=None, suppress_health_check=list(HealthCheck)
            ),
        )
    assert counted["duplicates"] == 0
    assert counted["charges"] > runs
    figure(", ".join(f"{counted[name]} {name}" for name in ("interleavings", "clicks", "charges", "duplicates")))

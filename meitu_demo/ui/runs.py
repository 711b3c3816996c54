"""What a click on a panel's button does: hand in the call, show where it is, then its end, whatever that is."""

import logging
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import gradio as gr

from ..billing import Billing, billing_of
from ..desk import NOT_AGAIN, Ticket
from ..errors import DemoError, ImageRejected, ValueRejected
from ..explain import explain
from ..service import Step
from ..spec import Credentials, Endpoint, Route
from ..words import translate
from . import stage
from .context import Context
from .naming import file_name
from .pictures import keep_pictures
from .texts import language_of
from .visits import Visit

log = logging.getLogger(__name__)
Update = tuple[Any, Any, Any, Any, Any]  # stage, stop, again, offline, number of the call that is shown


@dataclass(frozen=True, slots=True)
class Run:
    """One click, with everything that came with it."""

    endpoint: Endpoint
    visit: Visit
    language: str
    photo: Any
    values: Mapping[str, Any]
    own: Mapping[str, Credentials] | None
    again: int
    offline: bool

    @classmethod
    def of(
        cls, endpoint: Endpoint, request: gr.Request, given: tuple[Any, ...], *, offline: bool, again: bool
    ) -> "Run":
        """From the values of a panel's inputs: photo, controls, name of the tab, own keys, number of the last call."""
        photo, *rest, tab, own, number = given
        values = dict(zip((control.name for control in endpoint.controls), rest, strict=True))
        repeat = number if again else NOT_AGAIN
        return cls(endpoint, Visit.of(request, tab), language_of(request), photo, values, own, repeat, offline)

    @property
    def provider(self) -> str:
        """The vendor's name."""
        return translate(f"providers.{self.endpoint.provider}.name", self.language)


async def watch(context: Context, run: Run) -> AsyncIterator[Update]:
    """The screen at each step of `run`, and at its end."""
    routes = context.routes.with_keys(run.own)
    provider, live = run.endpoint.provider, not run.offline and routes.is_live(run.endpoint.provider)
    yield _screen(stage.progress(Step.PREPARE, 0, run.provider, "", run.language))
    ticket: Ticket | None = None
    try:
        route = routes.offline(provider) if run.offline else routes.choose(provider)
        ticket = await context.start(run.endpoint, run.photo, run.values, route=route, visit=run.visit, again=run.again)
        async for update in follow(context, run, route, ticket):
            yield update
    except Exception as error:  # every failure ends as an explanation on the screen
        yield failed(run, error, ticket, paid=live)
    finally:
        if ticket:
            ticket.leave()


async def follow(context: Context, run: Run, route: Route, ticket: Ticket) -> AsyncIterator[Update]:
    """The screen while the call of `ticket` is under way, and with its result. Raises what it ends in."""
    async for step, seconds in ticket.steps():
        shown = stage.progress(step, seconds, run.provider, route.mode, run.language)
        yield _screen(shown, stop=route.paid)
    if ticket.stopped:
        yield _screen(stage.stopped(ticket.sent, run.language), number=ticket.number)
        return
    outcome = await ticket.result()
    pictures = await keep_pictures(context.pictures, outcome, file_name(outcome))
    remark = _remark("repeated", ticket, run.language)
    shown = stage.comparison(outcome, pictures, run.provider, run.language, remark)
    label = translate("result.run_again", run.language) if route.paid and ticket.repeated else ""
    yield _screen(shown, again=label, number=ticket.number)


def failed(run: Run, error: Exception, ticket: Ticket | None, *, paid: bool) -> Update:
    """The explanation of `error`, with what can be done next beside it."""
    if not isinstance(error, DemoError):
        log.error("%s failed", run.endpoint.id, exc_info=error)
    explained = explain(error, run.language, paid=paid)
    shown = stage.explanation(explained, run.language, _remark("repeated_failure", ticket, run.language))
    costly = paid and billing_of(error) in (Billing.UNKNOWN, Billing.DONE)
    label = translate("result.try_again", run.language) if costly else ""
    elsewhere = paid and not isinstance(error, ImageRejected | ValueRejected)
    return _screen(shown, again=label, offline=elsewhere, number=ticket.number if ticket else NOT_AGAIN)


def _remark(key: str, ticket: Ticket | None, language: str) -> str:
    if ticket is None or not ticket.repeated:
        return ""
    return translate(f"result.{key}", language, ago=stage.ago(ticket.begun_at, datetime.now(UTC), language))


def _screen(
    shown: str, *, stop: bool = False, again: str = "", offline: bool = False, number: int = NOT_AGAIN
) -> Update:
    return (
        shown,
        gr.Button(visible=stop),
        gr.Button(again, visible=bool(again)),
        gr.Button(visible=offline),
        number or gr.skip(),
    )

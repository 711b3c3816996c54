"""The public API: one typed function for each endpoint, made from its declaration. Nothing else is exposed.

No ``from __future__ import annotations`` here: Gradio reads real annotations to know that a file comes back.
"""

import asyncio
import inspect
import logging
import shutil
from pathlib import Path
from typing import Any

import anyio
import gradio as gr

from .. import journal
from ..desk import FORCE_ANY, FORCE_NONE
from ..errors import DemoError
from ..explain import explain, sanitize
from ..redaction import format_stack_trace
from ..service import CallResult
from ..spec import Control, Endpoint, Strength
from ..words import translate
from .context import Context
from .guard import uploads
from .result import delivery
from .result.changes import change_texts
from .result.naming import file_name
from .result.receipt import facts
from .texts import language_of
from .visits import Visit

log = logging.getLogger(__name__)
FETCH_S = 600.0  # how long a client may take to fetch its result
Result = tuple[gr.FileData, dict[str, Any]]


def expose(context: Context, endpoint: Endpoint) -> None:
    """Publish `endpoint` as an API function; call inside the Blocks."""
    names = [control.name for control in endpoint.controls]

    async def call(photo: Any, *given: Any) -> Any:
        *values, consent, again, request = given
        language, visit = language_of(request), Visit.of(request)
        paid = context.routes.is_live(endpoint.provider)
        try:
            ticket = await context.start(
                endpoint,
                await context.read(photo, visit),
                dict(zip(names, values, strict=True)),
                route=context.routes.resolve(endpoint.provider),
                visit=visit,
                consent=consent,
                again=FORCE_ANY if again is True else FORCE_NONE,
            )
            try:
                outcome = await ticket.result()
            finally:
                ticket.release()
            path = await anyio.to_thread.run_sync(_write, context, outcome, language)
        except Exception as error:
            journal.log_unattributed_failure(error, endpoint.id)
            if not isinstance(error, DemoError):
                log.error("%s failed\n%s", endpoint.id, format_stack_trace(error))
            text = explain(error, language, is_billable=paid).as_text()
            raise gr.Error(text, duration=None, print_exception=False) from None
        context.mine.note(visit.session, path)
        asyncio.get_running_loop().call_later(FETCH_S, shutil.rmtree, path.parent, True)
        return gr.FileData(path=str(path), orig_name=path.name), report(
            outcome, language, context.settings.keep_minutes, repeated=ticket.is_duplicate
        )

    signature = _signature(endpoint)
    call.__name__ = call.__qualname__ = endpoint.id
    call.__doc__ = _documentation(endpoint)
    call.__signature__ = signature  # type: ignore[attr-defined]
    call.__annotations__ = {name: parameter.annotation for name, parameter in signature.parameters.items()}
    call.__annotations__["return"] = Result
    gr.api(  # type: ignore[attr-defined]
        call, api_name=endpoint.id, api_description=call.__doc__, concurrency_limit=None
    )


def report(outcome: CallResult, language: str, keep_minutes: int, *, repeated: bool = False) -> dict[str, Any]:
    """What an API client learns beside the picture. repeated: the session had made the call already."""
    return {
        "endpoint": outcome.endpoint.id,
        "mode": outcome.mode,
        "elapsed_s": round(outcome.elapsed_s, 3),
        "run": outcome.run_id,
        "request_id": outcome.request_id and sanitize(outcome.request_id),
        "repeated": repeated,
        "width": outcome.result_photo.width,
        "height": outcome.result_photo.height,
        "changes": change_texts(outcome.changes, language),
        "receipt": facts(outcome, keep_minutes),
    }


def _signature(endpoint: Endpoint) -> inspect.Signature:
    def parameter(name: str, annotation: Any, default: Any = inspect.Parameter.empty) -> inspect.Parameter:
        kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
        return inspect.Parameter(name, kind, default=default, annotation=annotation)

    def of(control: Control) -> inspect.Parameter:
        annotation = float if isinstance(control, Strength) else control.api_type
        default = inspect.Parameter.empty if not isinstance(control, Strength) and control.required else control.default
        return parameter(control.name, annotation, default)

    return inspect.Signature(
        [
            parameter("photo", gr.FileData),
            *(of(control) for control in endpoint.controls),
            parameter("consent", bool, False),
            parameter("again", bool, False),
            parameter("request", gr.Request, None),
        ],
        return_annotation=Result,
    )


def _documentation(endpoint: Endpoint) -> str:
    arguments = {
        "photo": translate("api.photo", "en"),
        **{control.name: translate(f"api.{control.name}", "en") for control in endpoint.controls},
        "consent": translate("api.consent", "en"),
        "again": translate("api.again", "en"),
    }
    lines = "\n".join(f"    {name}: {text}" for name, text in arguments.items())
    return f"{translate(f'api.{endpoint.id}', 'en')}\n\nArgs:\n{lines}\n"


def _write(context: Context, outcome: CallResult, language: str) -> Path:
    data = delivery.leaving(delivery.master(outcome), language, visible=context.settings.visible_label)
    return Path(uploads.hand_out(file_name(outcome), data))

"""Public API: one typed function for each endpoint, built from its declaration. Nothing else is exposed.

No ``from __future__ import annotations`` here: Gradio reads the annotations to see that a file is returned.
"""

import asyncio
import inspect
import shutil
from functools import partial
from pathlib import Path
from typing import Any

import anyio
import gradio as gr

from ..calls.pipeline import CallResult
from ..calls.run_log import report_failure
from ..calls.single_flight import FORCE_ANY, FORCE_NONE, CallHandle
from ..domain.controls import Control
from ..domain.model import Endpoint
from ..domain.translations import translate
from ..redaction.text import sanitize
from .caller import identify_caller
from .context import Context
from .gradio_patches.event_streams import RESULT_TTL_S
from .result import export
from .result.facts import build_file_name, build_receipt, translate_changes
from .texts import detect_language

ApiResult = tuple[gr.FileData, dict[str, Any]]


def publish_endpoint(context: Context, endpoint: Endpoint) -> None:
    """Publish `endpoint` as an API function; call inside the Blocks."""
    control_names = [control.name for control in endpoint.controls]

    async def call(photo: Any, *arguments: Any) -> Any:
        *values, consent, force, request = arguments
        language, caller = detect_language(request), identify_caller(request)
        service = context.service
        is_billable = service.is_billable(endpoint.vendor_id)
        handle: CallHandle | None = None
        try:
            source = await context.read_upload(photo, caller)
            context.session_data.upload_quota.end_claims(caller.session_id)  # a session of this call's own
            async with context.reserve_upload(caller, len(source)) as upload:  # for the result, before anything is paid
                handle = await service.start(
                    endpoint,
                    source,
                    dict(zip(control_names, values, strict=True)),
                    target=await service.choose_target(endpoint.vendor_id, payer="owner"),
                    caller=caller,
                    consent=consent,
                    force=FORCE_ANY if force is True else FORCE_NONE,
                )
                try:
                    result = await handle.result()
                finally:
                    handle.release()
                is_labelled = context.settings.visible_label
                encode = partial(export.encode_download, result, language, visible_label=is_labelled)
                data = await anyio.to_thread.run_sync(encode)
                path = Path(await context.write_reserved_upload(caller, upload, build_file_name(result), data))
        except Exception as error:
            text = report_failure(error, language, endpoint=endpoint.id, is_billable=is_billable).as_text()
            if handle and handle.call.can_refetch:
                text += " " + translate("api.fetch_again", language)
            raise gr.Error(text, duration=None, print_exception=False) from None
        loop = asyncio.get_running_loop()
        loop.call_later(RESULT_TTL_S, lambda: loop.run_in_executor(None, shutil.rmtree, path.parent, True))
        return gr.FileData(path=str(path), orig_name=path.name), build_report(
            result, language, context.settings.keep_minutes, is_duplicate=handle.is_duplicate
        )

    signature = _build_signature(endpoint)
    call.__name__ = call.__qualname__ = endpoint.id
    call.__doc__ = _build_docstring(endpoint, is_recording=context.service.targets.records_calls)
    call.__signature__ = signature  # type: ignore[attr-defined]
    call.__annotations__ = {name: parameter.annotation for name, parameter in signature.parameters.items()}
    call.__annotations__["return"] = ApiResult
    gr.api(  # type: ignore[attr-defined]
        call, api_name=endpoint.id, api_description=call.__doc__, concurrency_limit=None
    )


def build_report(result: CallResult, language: str, keep_minutes: int, *, is_duplicate: bool = False) -> dict[str, Any]:
    """The report that an API client gets with the picture. is_duplicate: the result is that of an earlier call."""
    return {
        "endpoint": result.endpoint.id,
        "mode": result.mode,
        "elapsed_s": round(result.elapsed_s, 3),
        "recorded": export.describe_recorded_call(result),
        "run": result.run_id,
        "request_id": result.request_id and sanitize(result.request_id),
        "repeated": is_duplicate,
        "width": result.result_photo.width,
        "height": result.result_photo.height,
        "changes": translate_changes(result.changes, language),
        "receipt": build_receipt(result, keep_minutes),
    }


def _build_signature(endpoint: Endpoint) -> inspect.Signature:
    def create_parameter(name: str, annotation: Any, default: Any = inspect.Parameter.empty) -> inspect.Parameter:
        kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
        return inspect.Parameter(name, kind, default=default, annotation=annotation)

    def create_control_parameter(control: Control) -> inspect.Parameter:
        default = inspect.Parameter.empty if control.required else control.default
        return create_parameter(control.name, control.api_type, default)

    return inspect.Signature(
        [
            create_parameter("photo", gr.FileData),
            *(create_control_parameter(control) for control in endpoint.controls),
            create_parameter("consent", bool, False),
            create_parameter("again", bool, False),
            create_parameter("request", gr.Request, None),
        ],
        return_annotation=ApiResult,
    )


def describe_consent(*, is_recording: bool) -> str:
    """What the parameter `consent` means. is_recording: live calls are recorded."""
    recorded_text = f" {translate('api.consent_recorded', 'en')}" if is_recording else ""
    return translate("api.consent", "en") + recorded_text


def _build_docstring(endpoint: Endpoint, *, is_recording: bool) -> str:
    arguments = {
        "photo": translate("api.photo", "en"),
        **{control.name: translate(f"api.{control.name}", "en") for control in endpoint.controls},
        "consent": describe_consent(is_recording=is_recording),
        "again": translate("api.again", "en"),
    }
    lines = "\n".join(f"    {name}: {text}" for name, text in arguments.items())
    return f"{translate(f'api.{endpoint.id}', 'en')}\n\nArgs:\n{lines}\n"

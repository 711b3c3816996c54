"""``python -m meitu_demo.evaluate photos/ --endpoint face_fuse --target offline --out report/``: see docs/evaluate.md.

Exit codes: 0 done; 1 the success rate is below --min-success; 2 wrong arguments or settings, or not agreed to; 3 some
calls were not sent, or the disk is full; 130 stopped. The report is written in each case but 2, as far as the disk
allows, and the same command takes the run up again.
"""

import argparse
import asyncio
import logging
import signal
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ..calls.http_client import create_http_client
from ..domain.errors import DemoError, ValueRejected
from ..domain.explanations import explain
from ..domain.translations import list_languages, translate
from ..endpoints import CATALOGUE
from ..engine import face_templates
from ..evaluation.journal import Journal
from ..evaluation.outcomes import Charge
from ..evaluation.photo_set import collect_photos, list_files
from ..evaluation.plan import TARGETS, Plan, Setup, estimate_cost
from ..evaluation.runner import Authority, EvaluationRun
from ..evaluation.summary import format_cost, get_success_rate, summarize
from ..ledger.lazy import LazyLedger
from ..offline import create_app as create_offline
from ..redaction import log_filter
from ..runtime import memory
from ..service import Caller, CallService
from ..settings import Settings, hide_network_settings
from .report_folder import ReportFolder

DONE, BELOW_THRESHOLD, WRONG_USE, INCOMPLETE, STOPPED = 0, 1, 2, 3, 130
MAX_DRAIN_S = 5.0  # after Ctrl-C, for the answers to calls that were sent
PROGRESS_INTERVAL_S, BAR_CELLS = 0.5, 28
STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class WrongUse(ValueError):
    """Arguments that cannot be used; the text says why."""


class _AddValues(argparse.Action):
    """--values belongs to the --endpoint before it."""

    def __call__(self, parser: Any, namespace: Any, values: Any, *_: object) -> None:
        if not namespace.endpoint:
            parser.error("--values belongs behind an --endpoint")
        pairs = dict(text.partition("=")[::2] for text in values)
        namespace.endpoint[-1][1].update(pairs)


def build_parser() -> argparse.ArgumentParser:
    """The command's arguments."""
    parser = argparse.ArgumentParser(prog="python -m meitu_demo.evaluate", description=__doc__)
    parser.add_argument("photos", nargs="+", type=Path, help="photos, ZIP archives, or folders of them")
    parser.add_argument(
        "--endpoint", action="append", default=[], required=True, type=lambda name: (name, {}),
        help=f"{', '.join(CATALOGUE)}; may be given several times",
    )  # fmt: skip
    parser.add_argument("--values", nargs="+", action=_AddValues, metavar="NAME=VALUE", help="of the endpoint before")
    parser.add_argument("--target", choices=TARGETS, default="offline", help="default: offline, which is free")
    parser.add_argument("--out", type=Path, required=True, help="folder for the report; the same one resumes a run")
    parser.add_argument(
        "--min-success", type=success_rate, help="exit with 1 if the success rate is lower, such as 0.95"
    )
    parser.add_argument("--retry-unknown", action="store_true", help="also repeat calls that may have been billed")
    parser.add_argument("--yes", action="store_true", help="agree to the paid calls, and that the photos are sent")
    parser.add_argument("--language", choices=list_languages(), default="en", help="of the report")
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the evaluation; returns the exit code."""
    args = build_parser().parse_args(arguments)
    memory.limit_malloc_arenas()
    log_filter.install_redaction()
    logging.basicConfig(level=logging.ERROR, format="%(levelname)s: %(message)s")
    try:
        settings = Settings.from_env()
        hide_network_settings(settings.network)
        if settings.templates_dir:
            face_templates.load_owner_templates(settings.templates_dir)
        return asyncio.run(_evaluate(args, settings))
    except ValueError as error:  # SettingsError and WrongUse among them
        _say(f"This needs a look: {error}")
        return WRONG_USE
    except DemoError as error:
        _say(explain(error, args.language).as_text())
        return WRONG_USE
    except OSError as error:
        _say(_describe_file_error(error, args.out))
        return WRONG_USE


async def _evaluate(args: argparse.Namespace, settings: Settings) -> int:
    ledger = LazyLedger(settings)
    async with create_http_client(settings, create_offline(single_use_links=True)) as client:
        service = CallService(client, settings, ledger)
        plan = _build_plan(args, service)
        folder = ReportFolder(args.out, args.language, visible_label=settings.visible_label)
        journal = Journal(args.out / "journal.jsonl")
        heartbeat = asyncio.create_task(ledger.run_heartbeat())
        try:
            if args.retry_unknown:
                journal.outcomes = {key: one for key, one in journal.outcomes.items() if one.charge is not Charge.MAYBE}
            _agree(args, service, plan, journal)
            vendors = {setup.endpoint.vendor_id for setup in plan.setups}
            agreed = Authority(Caller("evaluate"), dict.fromkeys(vendors, True), dict.fromkeys(vendors, "owner"))
            run = EvaluationRun(service, plan, journal, folder.save, agreed)
            try:
                await _run_and_report(service, plan, run, folder)
            except OSError as error:  # such as a full disk
                _say(_describe_file_error(error, args.out))
                return INCOMPLETE
            return _conclude(args, plan, run, folder)
        finally:
            heartbeat.cancel()
            journal.close()
            await ledger.close()


def _build_plan(args: argparse.Namespace, service: CallService) -> Plan:
    """Raises WrongUse, SettingsError or OSError."""
    setups = tuple({setup.key: setup for setup in (_build_setup(*pair) for pair in args.endpoint)}.values())
    targets = TARGETS[args.target]
    if "live" in targets:
        for vendor_id in {setup.endpoint.vendor_id for setup in setups}:
            if not service.targets.is_live(vendor_id):
                setting = service.targets.get_status(vendor_id).setting or "MODE=offline"
                raise WrongUse(f"{vendor_id} cannot be called live: {setting}")
        service.ledger.verify_at_startup()
    photos = collect_photos(list_files(args.photos))
    for file_name, refusal in photos.refused:
        _say(f"left out: {file_name}: {explain(refusal, args.language, is_billable=False).title}")
    if not photos.photos:
        raise WrongUse("there is no photo among the files")
    return Plan(photos, setups, targets, service.prices)


def _build_setup(name: str, values: dict[str, str]) -> Setup:
    if name not in CATALOGUE:
        raise WrongUse(f"there is no endpoint {name}; there are {', '.join(CATALOGUE)}")
    try:
        return Setup(CATALOGUE[name], CATALOGUE[name].validate(values))
    except ValueRejected as error:
        control, value, allowed = (error.facts[fact] for fact in ("control", "value", "allowed"))
        raise WrongUse(f"{name} does not take {control}={value}; it takes {allowed}") from None


def _agree(args: argparse.Namespace, service: CallService, plan: Plan, journal: Journal) -> None:
    """Say what will be called and what it costs; without --yes, ask before paid calls. Raises WrongUse if declined."""
    answered = {key for key, outcome in journal.outcomes.items() if outcome.is_final}
    open_jobs = [job for job in plan.jobs if job.key not in answered]
    paid = [job for job in open_jobs if job.target == "live"]
    _say(
        f"photos: {len(plan.photos.photos)}, duplicates: {len(plan.photos.duplicates)}, calls: {len(plan.jobs)}, "
        f"answered before: {len(plan.jobs) - len(open_jobs)}"
    )
    if not paid:
        return
    price = estimate_cost(paid, plan.prices)
    _say(f"paid calls: {len(paid)}, {f'about {price}' if price else 'price unknown (PRICE_PER_CALL)'}")
    for recipient in sorted({service.targets.describe_recipient(job.setup.endpoint.vendor_id) for job in paid}):
        _say(translate("evaluation.consent.label", args.language, recipient=recipient))
    if args.yes:
        return
    if not sys.stdin.isatty():
        raise WrongUse("paid calls need --yes where nobody can be asked")
    if input("Make these calls, with the consent of everybody in the photos? [y/N] ").strip().lower() != "y":
        raise WrongUse("not agreed to; nothing was sent")


async def _run_and_report(service: CallService, plan: Plan, run: EvaluationRun, folder: ReportFolder) -> None:
    """Make the calls and write the report; at the first Ctrl-C at once, and again with the answers that were paid for.

    The second Ctrl-C ends the process.
    """
    loop, stopped = asyncio.get_running_loop(), asyncio.Event()

    def stop() -> None:
        run.stop()
        stopped.set()
        for number in STOP_SIGNALS:
            loop.remove_signal_handler(number)

    async def write_report() -> None:
        await asyncio.to_thread(folder.write, plan, {**run.outcomes, **run.list_unanswered()})

    for number in STOP_SIGNALS:
        loop.add_signal_handler(number, stop)
    task = asyncio.create_task(run.run())
    progress_display, stop_waiter = asyncio.create_task(_show_progress(plan, run)), asyncio.create_task(stopped.wait())
    await asyncio.wait([task, stop_waiter], return_when=asyncio.FIRST_COMPLETED)
    if stopped.is_set():
        await write_report()
        await service.single_flight.drain(MAX_DRAIN_S)
        await asyncio.wait([task], timeout=MAX_DRAIN_S)
    progress_display.cancel()
    stop_waiter.cancel()
    _print_progress(plan, run, is_last=True)
    try:
        if task.done():
            task.result()
    finally:
        await write_report()


def _conclude(args: argparse.Namespace, plan: Plan, run: EvaluationRun, folder: ReportFolder) -> int:
    summaries = summarize(plan, run.outcomes)
    for summary in summaries:
        low, high = summary.interval
        rate = "–" if summary.rate is None else f"{summary.rate:.1%} (95 %: {low:.1%} to {high:.1%})"
        counts = ", ".join(f"{kind.value.replace('_', ' ')}: {count}" for kind, count in summary.counts.items())
        _say(f"{summary.setup.describe(args.language)}, {summary.target}: {rate}, {counts}")
    cost, most = format_cost(summaries), format_cost(summaries, with_maybe=True)
    if cost:
        _say(f"cost: about {cost}" + (f", at most {most}" if most != cost else ""))
    _say(f"report: {folder.report_path}")
    if run.is_stopped:
        return STOPPED
    outcomes = [run.outcomes.get(job.key) for job in plan.jobs]
    if not all(outcome and outcome.is_final for outcome in outcomes):
        unsent = [outcome for outcome in outcomes if outcome and not outcome.is_final]
        reasons = {outcome.words[args.language][0] for outcome in unsent if outcome.words}
        _say(f"not everything was sent: {' '.join(sorted(reasons))}")
        return INCOMPLETE
    rate_reached = get_success_rate(summaries)
    if args.min_success is not None and (rate_reached is None or rate_reached < args.min_success):
        _say(f"the success rate is below {args.min_success:.1%}")
        return BELOW_THRESHOLD
    return DONE


async def _show_progress(plan: Plan, run: EvaluationRun) -> None:
    while True:
        _print_progress(plan, run)
        await asyncio.sleep(PROGRESS_INTERVAL_S if sys.stderr.isatty() else 20 * PROGRESS_INTERVAL_S)


def _print_progress(plan: Plan, run: EvaluationRun, *, is_last: bool = False) -> None:
    done = sum(job.key in run.outcomes for job in plan.jobs)
    cells = round(BAR_CELLS * done / len(plan.jobs))
    ending = "\n" if is_last or not sys.stderr.isatty() else "\r"
    bar = "█" * cells + "·" * (BAR_CELLS - cells)
    sys.stderr.write(f"{bar} {done}/{len(plan.jobs)} {time.strftime('%H:%M:%S')}{ending}")
    sys.stderr.flush()


def success_rate(text: str) -> float:
    """A rate from 0 to 1. Raises ValueError."""
    if not 0 <= float(text) <= 1:
        raise ValueError(text)
    return float(text)


def _describe_file_error(error: OSError, default_path: Path) -> str:
    return f"{error.filename or default_path}: {error.strerror}"


def _say(text: str) -> None:
    print(text, file=sys.stderr)  # noqa: T201


if __name__ == "__main__":
    sys.exit(main())

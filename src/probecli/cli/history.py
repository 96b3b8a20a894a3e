"""`probecli history`: states over time; and what keeps the history itself in order."""

import os
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from probecli.cli import options
from probecli.cli.failure import fail, say, writing
from probecli.cli.plan import USAGE, duration_s

if TYPE_CHECKING:
    from probecli.history.review import Asked
    from probecli.history.store import Store
    from probecli.output.history import Page

NOT_WRITTEN = 74
NO_TARGET = 5

Answer = TypeVar("Answer")


def history(
    targets: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="TARGET", help="Names of targets, or globs; all without.", show_default=False
        ),
    ] = None,
    name: Annotated[
        list[str] | None,
        typer.Option(
            "--target",
            "--name",
            metavar="GLOB",
            help="The same as TARGET. Repeatable.",
            show_default=False,
        ),
    ] = None,
    group: Annotated[
        list[str] | None,
        typer.Option(
            "--group",
            metavar="GROUP",
            help="Only targets of this group. Repeatable.",
            show_default=False,
        ),
    ] = None,
    since: Annotated[
        str,
        typer.Option(
            "--since",
            metavar="TIME",
            help="Incidents and latencies from then on: 2025-12-18, 2025-12-18T06:00Z, or 7d "
            "before --until.",
        ),
    ] = "7d",
    until: Annotated[
        str | None,
        typer.Option(
            "--until",
            metavar="TIME",
            help="The end of every window.  [default: now]",
            show_default=False,
        ),
    ] = None,
    vantage: Annotated[
        list[str] | None,
        typer.Option(
            "--vantage",
            metavar="NAME",
            help="Only what this place saw. Repeatable.",
            show_default=False,
        ),
    ] = None,
    interval: Annotated[
        str | None,
        typer.Option(
            "--interval",
            metavar="DURATION",
            help="The usual time between runs, of which 2.5 are a gap.  [default: their median]",
            show_default=False,
        ),
    ] = None,
    output: Annotated[
        list[str] | None,
        typer.Option(
            "--output",
            "-o",
            metavar="FORMAT[=PATH]",
            help="table, json or csv; to a file with =PATH. Repeatable.  [default: table]",
            show_default=False,
        ),
    ] = None,
    place: options.History = None,
    no_color: options.NoColor = False,
) -> None:
    """Say what every target is since when, and how it was: uptime, incidents, latency.

    `probecli history prune --keep 90d` drops what is older, `probecli history import FILE...`
    takes in snapshots. Without --history the usual place of state is read.

    Example: probecli history 'laposte-*' --since 2025-12-18 -o json
    """  # fmt: skip
    from probecli.history.moment import SECOND, text_of
    from probecli.history.review import Asked, reviews
    from probecli.output.history import Page

    now = datetime.now(UTC)
    end = _moment("--until", until, now.timestamp()) if until else now.timestamp()
    begin = _moment("--since", since, end)
    if begin >= end:
        fail("probecli: --since must be before --until", USAGE)
    usual_s = duration_s("--interval", interval)
    asked = Asked(
        names=(*(targets or ()), *(name or ())),
        groups=tuple(group or ()),
        vantages=tuple(vantage or ()),
        since_us=round(begin * SECOND),
        until_us=round(end * SECOND),
        interval_us=None if usual_s is None else round(usual_s * SECOND),
    )
    told = _within(
        USAGE,
        lambda: _store(place, now, create=False).read(
            lambda connection: reviews(connection, asked)
        ),
    )
    if not told:
        fail(f"probecli: the history has no target {_asked_words(asked)}", NO_TARGET)
    page = Page(since=text_of(asked.since_us), until=text_of(asked.until_us), targets=tuple(told))
    _write(page, output or ["table"], now, no_color=no_color)


def history_prune(
    keep: Annotated[
        str,
        typer.Option("--keep", metavar="DURATION", help="How much to keep, like 90d or 12h."),
    ],
    place: options.History = None,
) -> None:
    """Drop runs and states that are older than --keep.

    Example, once a day: probecli history prune --keep 90d
    """
    from probecli.history.moment import SECOND
    from probecli.output.words import plural

    now = datetime.now(UTC)
    kept_s = _ago("--keep", keep)
    if kept_s is None:
        fail(f"probecli: --keep {keep}: give a duration, like 90d or 12h", USAGE)
    before = round((now.timestamp() - kept_s) * SECOND)
    pruned = _within(NOT_WRITTEN, lambda: _store(place, now, create=False).prune(before))
    say(
        f"Dropped {plural(pruned.runs, 'run')}, {plural(pruned.targets, 'target')} "
        f"and {pruned.stretches:,} stretches of state that were older than {keep}"
    )


def history_import(
    files: Annotated[
        list[str], typer.Argument(metavar="FILE", help="Snapshots that `-o json` wrote.")
    ],
    place: options.History = None,
) -> None:
    """Take snapshots of the past into the history, in any order; those it has are passed over.

    Example: probecli history import snapshots/*.json
    """
    from probecli.cli.given import snapshots_of
    from probecli.output.words import plural

    snapshots = snapshots_of(files, moreover=["Nothing was imported."])
    snapshots.sort(key=lambda one: one.run.started_at)
    store = _within(NOT_WRITTEN, lambda: _store(place, datetime.now(UTC), create=True))
    taken = _within(
        NOT_WRITTEN, lambda: sum(store.record(one.run, one.targets) for one in snapshots)
    )
    there = len(snapshots) - taken
    say(f"Imported {plural(taken, 'run')}" + (f"; {there:,} were there already" if there else ""))


def _within(code: int, act: Callable[[], Answer]) -> Answer:
    """What `act` returns; exits with 2 for a place that cannot be meant so, else with `code`."""
    from probecli.history.fault import HistoryError, PlaceError

    try:
        return act()
    except HistoryError as error:
        fail(f"probecli: {error}", USAGE if isinstance(error, PlaceError) else code)


def _store(place: str | None, now: datetime, *, create: bool) -> "Store":
    from probecli.history.place import AUTO, place_of
    from probecli.history.store import Store

    return Store(place_of(place or AUTO, os.environ), now.isoformat(), create=create)


def _ago(option: str, text: str) -> float | None:
    """Seconds of a duration with its unit; None for anything else, such as a date."""
    is_duration = text[:1].isdigit() and text[-1:] in "smhd"
    return duration_s(option, text) if is_duration else None


def _moment(option: str, text: str, now_s: float) -> float:
    """Seconds since the epoch: a date, a time (else UTC), or so long before `now_s`."""
    ago = _ago(option, text)
    if ago is not None:
        return now_s - ago
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        fail(
            f"probecli: {option} {text}: give a date, a time or how long ago: 2025-12-18, "
            "2025-12-18T06:00Z or 7d",
            USAGE,
        )
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def _asked_words(asked: "Asked") -> str:
    parts = [*asked.names, *(f"--group {one}" for one in asked.groups)]
    parts += [f"--vantage {one}" for one in asked.vantages]
    return f"that fits {' '.join(parts)}" if parts else "in that time"


def _write(page: "Page", outputs: list[str], now: datetime, *, no_color: bool) -> None:
    from probecli.output.history import FORMATS
    from probecli.output.interface import Options
    from probecli.output.sinks import destination_of
    from probecli.output.specs import parse_all

    wanted = Options(color=False if no_color else None)
    stamp = {"date": f"{now:%Y-%m-%d}", "time": f"{now:%H%M%S}"}
    with writing():
        for spec in parse_all(outputs, stamp, FORMATS):
            destination = destination_of(spec, sys.stdout, os.environ, wanted, now)
            destination.write(FORMATS[spec.format](page, destination))
            destination.commit()

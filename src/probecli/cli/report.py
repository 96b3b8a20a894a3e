"""`probecli report`: the status page, from snapshots or the history."""

import os
import sys
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from probecli.cli.failure import fail, quiet_exit, say
from probecli.cli.plan import USAGE

if TYPE_CHECKING:
    from probecli.model.snapshot import Snapshot
    from probecli.output.report.page import Page

NOT_WRITTEN = 74
FILE_NAME = "status.html"
MOST_DAYS = 366


def report(
    snapshots: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[SNAPSHOT]...",
            help="Snapshots of one or more times and vantages; - is standard input. The newest "
            "of each vantage is shown as now.",
            show_default=False,
        ),
    ] = None,
    history: Annotated[
        str | None,
        typer.Option(
            "--history",
            metavar="PATH|URL",
            help="The time before from a history: a file, a postgresql:// URL, or auto.  "
            "[default: auto without a SNAPSHOT]",
            envvar="PROBECLI_HISTORY",
            show_default=False,
        ),
    ] = None,
    output: Annotated[
        str | None,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE",
            help="Where the page goes; - is standard output.  "
            f"[default: {FILE_NAME} on a terminal, else standard output]",
            show_default=False,
        ),
    ] = None,
    title: Annotated[
        str, typer.Option("--title", metavar="TEXT", help="What stands above the headline.")
    ] = "Status",
    days: Annotated[
        int,
        typer.Option(
            "--days", metavar="N", min=1, max=MOST_DAYS, help="How many days bars reach back."
        ),
    ] = 90,
    until: Annotated[
        str | None,
        typer.Option(
            "--until",
            metavar="TIME",
            help="The moment that the page calls now, like 2025-12-22T06:10:00Z.  "
            "(default: now; the newest SNAPSHOT without a history)",
            show_default=False,
        ),
    ] = None,
) -> None:
    """Write one self-contained HTML page: what is down, since when, and the days before.

    Nothing is loaded from elsewhere and no script is in it: mail it, or put it on any web server.

    Example: probecli report --history auto -o status.html
    """
    paths = snapshots or []
    if history is None and not paths:
        history = "auto"
    write_page(page_from(paths, history, until, title, days), output)


def page_from(
    paths: list[str], history: str | None, until: str | None, title: str, days: int
) -> "Page":
    """The page that snapshots and a history make; exits with 2 when they make none."""
    from probecli.cli.given import snapshots_of

    now_us = None if until is None else _moment(until)
    if paths.count("-") > 1:
        fail("probecli: standard input (-) can be read only once", USAGE)
    shown = [one for one in snapshots_of(paths) if now_us is None or _is_by(one, now_us)]
    if paths and not shown:
        fail(f"probecli: no snapshot is from --until {until} or before", USAGE)
    if history is not None:
        return _from_history(history, shown, now_us, title, days)
    from probecli.output.report.observed import page_of_snapshots

    return page_of_snapshots(shown, title=title, days=days)


def _moment(text: str) -> int:
    from probecli.history.moment import micros

    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        fail(f"probecli: --until {text}: give a time like 2025-12-22T06:10:00Z", USAGE)
    return micros((at if at.tzinfo else at.replace(tzinfo=UTC)).isoformat())


def _is_by(snapshot: "Snapshot", now_us: int) -> bool:
    from probecli.history.moment import micros

    return micros(snapshot.run.started_at) <= now_us


def _from_history(
    history: str, shown: list["Snapshot"], now_us: int | None, title: str, days: int
) -> "Page":
    from probecli.history.fault import HistoryError
    from probecli.history.moment import SECOND, text_of
    from probecli.history.place import place_of
    from probecli.history.store import Store
    from probecli.output.report.recorded import page_of_history

    now = int(time.time() * SECOND) if now_us is None else now_us
    try:
        place = place_of(history, os.environ)
        store = Store(place, text_of(now), create=False)
        page = page_of_history(store, now_us=now, snapshots=shown, title=title, days=days)
    except HistoryError as error:
        fail(f"probecli: {error}", USAGE)
    if page is None:
        fail(
            f"probecli: {place.name}: the history holds no run yet; "
            "record some with: probecli check --history auto",
            USAGE,
        )
    return page


def write_page(page: "Page", output: str | None) -> None:
    """Writes the page whole to a file or standard output; exits with 74 when it cannot."""
    from probecli.output.interface import Options
    from probecli.output.report.render import render
    from probecli.output.sinks import destination_of
    from probecli.output.specs import Spec

    path = output or (FILE_NAME if sys.stdout.isatty() else "-")
    spec = Spec("html", None if path == "-" else os.path.expanduser(path))
    try:
        destination = destination_of(spec, sys.stdout, os.environ, Options(), datetime.now(UTC))
        try:
            for piece in render(page):
                destination.write(piece)
            destination.commit()
        finally:
            destination.discard()
    except BrokenPipeError:
        quiet_exit()
    except OSError as error:
        place = error.filename or "the page"
        fail(f"probecli: cannot write {place}: {error.strerror or error}", NOT_WRITTEN)
    if spec.path is not None and output is None:
        say(f"Wrote {path}")

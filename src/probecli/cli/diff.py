"""`probecli diff`: what changed between two snapshots."""

import os
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from probecli.cli import options
from probecli.cli.failure import fail, writing
from probecli.cli.plan import USAGE

if TYPE_CHECKING:
    from probecli.verdict.comparison import Comparison


def diff(
    old: Annotated[
        str, typer.Argument(metavar="OLD", help="The snapshot before; - is standard input.")
    ],
    new: Annotated[
        str, typer.Argument(metavar="NEW", help="The snapshot after; - is standard input.")
    ],
    output: Annotated[
        list[str] | None,
        typer.Option(
            "--output",
            "-o",
            metavar="FORMAT[=PATH]",
            help="table, json or markdown (for a pull request); to a file with =PATH. "
            "Repeatable.  (default: table)",
            show_default=False,
        ),
    ] = None,
    slower_factor: Annotated[
        str,
        typer.Option(
            "--slower-factor",
            metavar="FACTOR",
            help="Slower is what takes at least so many times as long ...",
            envvar="PROBECLI_SLOWER_FACTOR",
        ),
    ] = "1.5",
    slower_ms: Annotated[
        str,
        typer.Option(
            "--slower-ms",
            metavar="MS",
            help="... and at least so many milliseconds longer, in total or waiting.",
            envvar="PROBECLI_SLOWER_MS",
        ),
    ] = "200",
    no_color: options.NoColor = False,
) -> None:
    """Compare two snapshots; the exit code is 1 when something got worse.

    Worse is a target newly down, unknown or degraded, or slower, unless it is not gated. Another
    certificate, address or cause, and targets added or removed, are told and change nothing.

    Example: probecli diff before.json after.json -o markdown=comment.md
    """
    from probecli.cli.given import snapshots_of
    from probecli.verdict.comparison import SlowerRule, compare

    rule = SlowerRule(
        factor=_number("--slower-factor", slower_factor, least=1.0),
        ms=_number("--slower-ms", slower_ms, least=0.0),
    )
    if old == new == "-":
        fail("probecli: OLD and NEW cannot both be standard input", USAGE)
    before, after = snapshots_of([old, new])
    comparison = compare(before, after, rule)
    _write(comparison, output or ["table"], no_color=no_color)
    raise typer.Exit(int(comparison.worse))


def _number(option: str, text: str, *, least: float) -> float:
    try:
        number = float(text)
    except ValueError:
        number = float("nan")
    if not least <= number < float("inf"):
        fail(f"probecli: {option} {text}: give a number of at least {least:g}", USAGE)
    return number


def _write(comparison: "Comparison", outputs: list[str], *, no_color: bool) -> None:
    from probecli.output.diff import FORMATS
    from probecli.output.interface import Options
    from probecli.output.sinks import destination_of
    from probecli.output.specs import parse_all, placeholders

    now = datetime.now(UTC)
    wanted = Options(color=False if no_color else None)
    with writing():
        for spec in parse_all(outputs, placeholders(comparison.new, now), FORMATS):
            destination = destination_of(spec, sys.stdout, os.environ, wanted, now)
            destination.write(FORMATS[spec.format](comparison, destination))
            destination.commit()

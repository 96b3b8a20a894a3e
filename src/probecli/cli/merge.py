"""`probecli merge`: shards into one run, and vantages into one verdict."""

import os
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from probecli.cli import options
from probecli.cli.failure import fail, say, writing
from probecli.cli.plan import (
    USAGE,
    duration_s,
    ending_as,
    failing_in,
    gate_rule,
    profile_of,
    whole_number,
)

if TYPE_CHECKING:
    from probecli.model.plan import GateRule
    from probecli.model.snapshot import Snapshot
    from probecli.output.interface import Options
    from probecli.verdict.gate import ExitProfile
    from probecli.verdict.merging import Merged

_MERGING = "Merging"
_MOST_VANTAGES = 10_000

Read = tuple[str, "Snapshot"]


def merge(
    snapshots: Annotated[
        list[str],
        typer.Argument(
            metavar="SNAPSHOT...",
            help="Snapshots that `check -o json` wrote, in any order; - is standard input.",
            show_default=False,
        ),
    ],
    quorum: Annotated[
        str | None,
        typer.Option(
            "--quorum",
            metavar="N",
            help="Down is what N vantages see down. (default: the majority of those that can tell)",
            envvar="PROBECLI_QUORUM",
            rich_help_panel=_MERGING,
            show_default=False,
        ),
    ] = None,
    max_age: Annotated[
        str | None,
        typer.Option(
            "--max-age",
            metavar="DURATION",
            help="Leave out what began so long before the newest, like 10m: its vantage "
            "cannot tell. (default: take all)",
            envvar="PROBECLI_MAX_AGE",
            rich_help_panel=_MERGING,
            show_default=False,
        ),
    ] = None,
    vantage: Annotated[
        str | None,
        typer.Option(
            "--vantage",
            metavar="NAME",
            help="The name of the merged vantage. (default: their names, joined by +)",
            rich_help_panel=_MERGING,
            show_default=False,
        ),
    ] = None,
    fail_on: Annotated[
        str | None,
        typer.Option(
            "--fail-on",
            metavar="STATE",
            help="down, degraded (or down), unknown (or either), never. "
            "(default: the strictest of the snapshots', at least down)",
            envvar="PROBECLI_FAIL_ON",
            rich_help_panel="Gate",
            show_default=False,
        ),
    ] = None,
    max_failures: Annotated[
        str | None,
        typer.Option(
            "--max-failures",
            metavar="N|N%",
            help="Failures that are allowed, as a number or a percentage of gated targets. "
            "(default: 0)",
            envvar="PROBECLI_MAX_FAILURES",
            rich_help_panel="Gate",
            show_default=False,
        ),
    ] = None,
    baseline: options.Baseline = None,
    exit_profile: options.Profile = None,
    output: Annotated[
        list[str] | None,
        typer.Option(
            "--output",
            "-o",
            metavar="FORMAT[=PATH]",
            help=f"{options.FORMATS_HELP} (default: table)",
            envvar="PROBECLI_OUTPUT",
            rich_help_panel="Output",
            show_default=False,
        ),
    ] = None,
    quiet: options.Quiet = False,
    verbose: options.Verbose = False,
    no_color: options.NoColor = False,
) -> None:
    """Join the shards of one list into one run; let vantages vote on each target.

    Snapshots of one vantage are shards, and all of them must be there: without
    one the run is incomplete and never passes.

    Several vantages vote: down is what a quorum sees down, and the detail says
    who saw what. A vantage that cannot tell has no vote.

    Counts, incidents and the gate are those of the whole.

    Shards: probecli merge shard-*.json -o table -o junit=probe.xml

    Vantages: probecli merge --quorum 2 paris.json lyon.json oslo.json
    """
    profile = profile_of(exit_profile, output or ())
    with ending_as(profile):
        most = whole_number("--quorum", quorum, least=1, most=_MOST_VANTAGES)
        max_age_s = duration_s("--max-age", max_age)
        read = _read(snapshots)
        rule = gate_rule(_rule_of(read), fail_on, max_failures)
        if max_failures is None and baseline is None:
            _say_what_was_allowed(read)
        merged = _merged(read, most, vantage, max_age_s)
        excused = failing_in(baseline, rule) if baseline is not None else set()
        snapshot = _judged(merged, rule, excused, profile)
        from probecli.output.interface import Options

        wanted = Options(quiet=quiet, verbose=verbose, color=False if no_color else None)
        _write(snapshot, output or ["table"], wanted)
    raise typer.Exit(snapshot.gate.exit_code)


def _read(paths: Sequence[str]) -> list[Read]:
    """Every snapshot with its name; exits with 2 and every mistake when there is one."""
    from probecli.cli.given import snapshots_of

    if paths.count("-") > 1:
        fail("probecli: standard input (-) can be read only once", USAGE)
    names = ("standard input" if path == "-" else path for path in paths)
    return list(zip(names, snapshots_of(paths), strict=True))


def _rule_of(read: Sequence[Read]) -> "GateRule":
    """The strictest of what the snapshots' gates failed on.

    That is down at least: a part that leaves the gate to the merge is probed with never.
    """
    from probecli.model.plan import GateRule
    from probecli.verdict.gate import FAILING

    said = {"down", *(snapshot.gate.fail_on for _, snapshot in read)}
    return GateRule(fail_on=max(said, key=lambda one: len(FAILING[one])))


def _say_what_was_allowed(read: Sequence[Read]) -> None:
    from probecli.verdict.gate import FAILING

    lenient = [
        source
        for source, snapshot in read
        if snapshot.gate.passed
        and any(
            result.gated and result.state in FAILING[snapshot.gate.fail_on]
            for result in snapshot.targets
        )
    ]
    if lenient:
        say(
            f"probecli: {lenient[0]}: its gate allowed failures, and a snapshot does not say how "
            "many; give --max-failures to allow them here too"
        )


def _merged(
    read: Sequence[Read], quorum: int | None, vantage: str | None, max_age_s: float | None
) -> "Merged":
    from probecli.text import harmless
    from probecli.verdict.merging import merge as merged_of
    from probecli.verdict.shards import MergeError

    try:
        merged = merged_of(read, quorum=quorum, vantage=vantage, max_age_s=max_age_s)
    except MergeError as error:
        mistakes = str(error).splitlines()
        fail("\n".join(f"probecli: {harmless(one)}" for one in mistakes), USAGE)
    for note in (*merged.notes, *merged.problems):
        say(f"probecli: {harmless(note)}")
    return merged


def _judged(
    merged: "Merged", rule: "GateRule", excused: set[str], profile: "ExitProfile"
) -> "Snapshot":
    """The whole snapshot: gate and counts anew, and the incidents of what was agreed on."""
    from msgspec.structs import replace

    from probecli.history.incidents import incidents_of, known_of
    from probecli.history.moment import SECOND
    from probecli.model.snapshot import Snapshot
    from probecli.verdict.gate import decide, final_exit_code
    from probecli.verdict.summary import tally

    targets = tuple(
        replace(one, gated=False) if one.name in excused else one for one in merged.targets
    )
    counts = tally(targets)
    gate = decide(rule, counts, profile=profile)
    code = final_exit_code(gate, merged.codes, profile)
    span_us = round((merged.run.duration_ms or 0) * SECOND / 1000)
    return Snapshot(
        run=merged.run,
        summary=counts.summary,
        gate=replace(
            gate,
            passed=gate.passed and code == 0,
            exit_code=code,
            reason="; ".join((gate.reason, *merged.problems)),
        ),
        controls=merged.controls,
        incidents=incidents_of(merged.evidence, known_of(merged.evidence, merged.groups, span_us)),
        groups=merged.groups,
        targets=targets,
    )


def _write(snapshot: "Snapshot", outputs: Sequence[str], wanted: "Options") -> None:
    from probecli.output.sinks import open_sinks

    with (
        writing(),
        open_sinks(
            outputs,
            stdout=sys.stdout,
            stderr=sys.stderr,
            env=os.environ,
            run=snapshot.run,
            now=datetime.now(UTC),
            options=wanted,
        ) as sinks,
    ):
        sinks.begin(snapshot.run, len(snapshot.targets))
        for result in snapshot.targets:
            sinks.add(result)
        sinks.end(snapshot)

"""From sources and options to a plan, with mistakes told and the exit code that they have."""

import os
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import get_args

from msgspec.structs import replace

from probecli import config
from probecli.cli.failure import fail
from probecli.cli.given import snapshot_from_standard_input, targets_from_standard_input
from probecli.model.plan import FailOn, GateRule, Plan
from probecli.verdict.gate import ExitProfile

USAGE = 2
NO_TARGET = 5


def loaded(sources: Sequence[str] | None) -> Plan:
    """The plan that the sources make; exits with 2 and every mistake when there is one."""
    cwd = Path.cwd()
    chosen = list(sources or ()) or config.default_sources(os.environ, cwd)
    if not chosen:
        fail(
            "probecli: no targets: give a file, a folder or URLs, or make a targets.yaml here "
            "with `probecli init`",
            USAGE,
        )
    try:
        return config.load(chosen, env=os.environ, stdin=targets_from_standard_input, cwd=cwd)
    except config.ConfigError as error:
        fail(str(error), USAGE)


def selected(
    plan: Plan,
    groups: Sequence[str] | None,
    tags: Sequence[str] | None,
    names: Sequence[str] | None,
) -> Plan:
    """The targets that the options choose; exits with 5 when none is left."""
    chosen = config.select(plan, groups=groups or (), tags=tags or (), names=names or ())
    if not chosen.targets:
        fail(f"probecli: {_why_none(plan, groups or (), tags or (), names or ())}", NO_TARGET)
    return chosen


def _why_none(plan: Plan, groups: Sequence[str], tags: Sequence[str], names: Sequence[str]) -> str:
    if not plan.targets:
        return "the target file lists no target"
    asked = [
        *(f"--group {name}" for name in groups),
        *(f"--tag {name}" for name in tags),
        *(f"--name {name}" for name in names),
    ]
    if not asked:
        return f"all {len(plan.targets)} targets are disabled"
    return (
        f"no target fits {' '.join(asked)} ({len(plan.targets)} targets in all)"
        f"{_known(plan, groups, tags)}"
    )


def _known(plan: Plan, groups: Sequence[str], tags: Sequence[str]) -> str:
    said = ""
    if groups:
        there = sorted({target.group for target in plan.targets if target.group})
        said += f"\n  groups: {', '.join(there) or 'none'}"
    if tags:
        there = sorted({tag for target in plan.targets for tag in target.tags})
        said += f"\n  tags: {', '.join(there) or 'none'}"
    return said


def duration_s(option: str, text: str | None) -> float | None:
    """A duration given by an option, in seconds; exits with 2 on a mistake."""
    if text is None:
        return None
    try:
        seconds = float(config.parse_duration(text))
    except ValueError as error:
        fail(f"probecli: {option}: {error}", USAGE)
    if seconds <= 0:
        fail(f"probecli: {option}: must be more than 0, like 500ms or 10s", USAGE)
    return seconds


def whole_number(option: str, text: str | None, *, least: int, most: int) -> int | None:
    """A whole number given by an option; exits with 2 on a mistake."""
    if text is None:
        return None
    if not (text.isascii() and text.isdigit()) or not least <= int(text) <= most:
        fail(f"probecli: {option} {text}: give a whole number from {least} to {most}", USAGE)
    return int(text)


def gate_rule(rule: GateRule, fail_on: str | None, max_failures: str | None) -> GateRule:
    """The file's gate with the options' word; exits with 2 on a mistake."""
    if fail_on is not None:
        choices = get_args(FailOn)
        if fail_on not in choices:
            fail(f"probecli: --fail-on {fail_on}: choose one of {', '.join(choices)}", USAGE)
        rule = replace(rule, fail_on=fail_on)
    if max_failures is not None:
        if not re.fullmatch(r"\d+(\.\d+)?%|\d+", max_failures):
            fail(
                f"probecli: --max-failures {max_failures}: give a number or a share: 2 or 10%",
                USAGE,
            )
        rule = replace(rule, max_failures=max_failures)
    return rule


def excused(plan: Plan, baseline: str | None) -> Plan:
    """The plan in which what was failing in the baseline snapshot is not gated.

    Exits with 2 when the snapshot cannot be read.
    """
    if baseline is None:
        return plan
    names = failing_in(baseline, plan.gate)
    return replace(
        plan,
        targets=tuple(
            replace(target, allow_failure=True) if target.name in names else target
            for target in plan.targets
        ),
    )


def failing_in(baseline: str, rule: GateRule) -> set[str]:
    """The names of what fails the gate's rule in a snapshot; exits with 2 when it is none."""
    from probecli.snapshots import SnapshotError, read_snapshot
    from probecli.verdict.gate import FAILING

    try:
        before = read_snapshot(baseline, snapshot_from_standard_input)
    except SnapshotError as error:
        fail(f"probecli: --baseline {error}", USAGE)
    failing = FAILING[rule.fail_on]
    return {result.name for result in before.targets if result.state in failing}


def shard_of(plan: Plan, shard: str | None) -> Plan:
    """The part `I/N` of the plan's targets, in the order of the list.

    The list is cut in the order of its names' checksums: parts differ by at most one target, so
    none is empty while there are as many targets as parts; a host's targets spread over them; and
    a target more or less moves no more than one across each cut.

    Exits with 2 on a mistake and with 5 when the part is empty.
    """
    if shard is None:
        return plan
    from zlib import crc32

    number, _, of = shard.partition("/")
    if not (number.isdigit() and of.isdigit()) or not 1 <= int(number) <= int(of):
        fail(f"probecli: --shard {shard}: give a part of the whole, like 1/3 or 3/3", USAGE)
    part, parts = int(number), int(of)
    names = [target.name for target in plan.targets]
    mixed = sorted(range(len(names)), key=lambda at: (crc32(names[at].encode()), names[at]))
    places = mixed[len(mixed) * (part - 1) // parts : len(mixed) * part // parts]
    if not places:
        fail(
            f"probecli: no target of {len(names)} falls into shard {shard}: "
            "take no more shards than there are targets",
            NO_TARGET,
        )
    return replace(plan, targets=tuple(plan.targets[at] for at in sorted(places)))


@contextmanager
def ending_as(profile: ExitProfile) -> Iterator[None]:
    """Exits of the block in the profile's codes: a plug-in that could not probe is UNKNOWN (3)."""
    try:
        yield
    except SystemExit as end:
        if profile == "nagios" and end.code:
            raise SystemExit(3) from None
        raise


def profile_of(option: str | None, outputs: Sequence[str]) -> ExitProfile:
    """The exit profile: the option's; else that of `-o nagios`, which only `nagios` makes sense of.

    Exits with 2 on a mistake.
    """
    if option not in (None, *get_args(ExitProfile)):
        fail(f"probecli: --exit-profile {option}: choose default or nagios", USAGE)
    if option is None:
        plug_in = any(output.partition("=")[0] == "nagios" for output in outputs)
        return "nagios" if plug_in else "default"
    return "nagios" if option == "nagios" else "default"

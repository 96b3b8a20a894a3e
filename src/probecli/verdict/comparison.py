"""What changed between two snapshots, and whether anything got worse."""

from collections.abc import Iterable, Iterator
from typing import Literal, get_args

from msgspec import Struct

from probecli.model.cause import State
from probecli.model.result import Result
from probecli.model.snapshot import Run, Snapshot, Summary

# In the order in which people want to read.
Kind = Literal[
    "newly_down",
    "newly_unknown",
    "newly_degraded",
    "slower",
    "cause_changed",
    "recovered",
    "certificate_changed",
    "address_changed",
    "added",
    "removed",
]

KINDS: tuple[Kind, ...] = get_args(Kind)

# The kind of each change of state, and whether it is for the worse. Down to unknown is neither
# better nor worse: nobody can tell.
_TRANSITIONS: dict[tuple[State, State], tuple[Kind, bool]] = {
    ("up", "down"): ("newly_down", True),
    ("up", "unknown"): ("newly_unknown", True),
    ("up", "degraded"): ("newly_degraded", True),
    ("degraded", "down"): ("newly_down", True),
    ("degraded", "unknown"): ("newly_unknown", True),
    ("degraded", "up"): ("recovered", False),
    ("unknown", "down"): ("newly_down", True),
    ("unknown", "degraded"): ("recovered", False),
    ("unknown", "up"): ("recovered", False),
    ("down", "unknown"): ("newly_unknown", False),
    ("down", "degraded"): ("recovered", False),
    ("down", "up"): ("recovered", False),
}
_ANSWERED: frozenset[State] = frozenset({"up", "degraded"})
_TIMED = ("total", "wait")
_CERTIFICATE = ("issuer", "subject", "not_after")


class SlowerRule(Struct, frozen=True, kw_only=True):
    """When a target is slower: its `total` or its `wait` grew by both the factor and the amount.

    A factor alone calls 2 ms after 1 ms slower, an amount alone every swing of a slow target.
    """

    factor: float = 1.5
    ms: float = 200.0


class Side(Struct, frozen=True, kw_only=True):
    """A target in one of the two snapshots."""

    state: State
    cause: str | None
    detail: str | None


class Figure(Struct, frozen=True):
    """How long a phase took before and after, in milliseconds."""

    phase: str
    before_ms: float
    after_ms: float


class Fact(Struct, frozen=True):
    """Something that a target showed of itself before and after."""

    name: str
    before: str
    after: str


class Change(Struct, frozen=True, kw_only=True):
    """One change of one target; a target may have several.

    `gated` is what the new snapshot says, the old one for a target that was removed; a change of
    a target that is not gated is never for the worse.
    """

    change: Kind
    worse: bool
    name: str
    group: str | None
    gated: bool
    before: Side | None
    after: Side | None
    figures: tuple[Figure, ...] = ()
    facts: tuple[Fact, ...] = ()


class Comparison(Struct, frozen=True, kw_only=True):
    """Two runs and what changed between them: by kind, then in the order of the new snapshot."""

    schema_version: int = 1
    worse: bool
    old: Run
    new: Run
    old_summary: Summary
    new_summary: Summary
    unchanged: int
    changes: tuple[Change, ...]


def compare(old: Snapshot, new: Snapshot, rule: SlowerRule = SlowerRule()) -> Comparison:  # noqa: B008
    """What changed from `old` to `new`; targets are the same when their names are."""
    before = {result.name: result for result in old.targets}
    after = {result.name: result for result in new.targets}
    changes = [*_changes(before, after.values(), rule)]
    changed = {change.name for change in changes}
    changes += [
        _change("removed", result, before=result)
        for name, result in before.items()
        if name not in after
    ]
    changes.sort(key=lambda change: KINDS.index(change.change))
    return Comparison(
        worse=any(change.worse for change in changes),
        old=old.run,
        new=new.run,
        old_summary=old.summary,
        new_summary=new.summary,
        unchanged=len(after) - len(changed),
        changes=tuple(changes),
    )


def _changes(
    before: dict[str, Result], after: Iterable[Result], rule: SlowerRule
) -> Iterator[Change]:
    for result in after:
        former = before.get(result.name)
        if former is None:
            yield _change("added", result, after=result)
            continue
        if former.state != result.state:
            kind, worse = _TRANSITIONS[former.state, result.state]
            yield _change(kind, result, before=former, after=result, worse=worse)
        elif former.cause != result.cause:
            yield _change("cause_changed", result, before=former, after=result)
        if figures := tuple(_slower(former, result, rule)):
            yield _change(
                "slower", result, before=former, after=result, worse=True, figures=figures
            )
        if facts := tuple(_certificate(former, result)):
            yield _change("certificate_changed", result, before=former, after=result, facts=facts)
        if facts := tuple(_address(former, result)):
            yield _change("address_changed", result, before=former, after=result, facts=facts)


def _side(result: Result | None) -> Side | None:
    if result is None:
        return None
    return Side(state=result.state, cause=result.cause, detail=result.detail)


def _change(
    kind: Kind,
    result: Result,
    *,
    before: Result | None = None,
    after: Result | None = None,
    worse: bool = False,
    figures: tuple[Figure, ...] = (),
    facts: tuple[Fact, ...] = (),
) -> Change:
    return Change(
        change=kind,
        worse=worse and result.gated,
        name=result.name,
        group=result.group,
        gated=result.gated,
        before=_side(before),
        after=_side(after),
        figures=figures,
        facts=facts,
    )


def _slower(before: Result, after: Result, rule: SlowerRule) -> Iterator[Figure]:
    """The times that grew, of a target that answered both times."""
    if before.state not in _ANSWERED or after.state not in _ANSWERED:
        return
    for phase in _TIMED:
        was, now = getattr(before.timings_ms, phase), getattr(after.timings_ms, phase)
        if was is None or now is None:
            continue
        if now - was >= rule.ms and now >= was * rule.factor:
            yield Figure(phase, was, now)


def _certificate(before: Result, after: Result) -> Iterator[Fact]:
    if before.tls is None or after.tls is None:
        return
    for name in _CERTIFICATE:
        was, now = getattr(before.tls, name), getattr(after.tls, name)
        if was is not None and now is not None and was != now:
            yield Fact(name, was, now)


def _address(before: Result, after: Result) -> Iterator[Fact]:
    was = before.server.ip if before.server else None
    now = after.server.ip if after.server else None
    if was and now and was != now:
        yield Fact("ip", was, now)

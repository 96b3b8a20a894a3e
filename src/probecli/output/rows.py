"""Which results the table shows, and in which order: what fails first, and no more than is read."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from msgspec import Struct

from probecli.model.cause import State
from probecli.model.result import Result
from probecli.output.spool import Spooled, number_not_up
from probecli.output.words import SEVERITY

SHORT = 60
"""So many failing targets are always shown one by one."""

LONG = 100
"""So many rows people still read; beyond, targets of one cause in one group are summed up."""

FEW_UP = 20
"""So many targets that are up are shown one by one."""

_OF_A_KIND = 5
_NAMED = 20
_QUIET_GROUPS = 12


class Heading(Struct, frozen=True):
    """A group and how many of its targets are in which state, worst first."""

    group: str | None
    counts: tuple[tuple[State, int], ...]


class More(Struct, frozen=True):
    """Targets that are not shown one by one: `number` of one state, with what they share."""

    number: int
    state: State
    cause: str | None = None
    names: tuple[str, ...] = ()
    groups: int = 0


Item = Heading | Result | More
Tallies = Mapping[str | None, Counter[State]]


class Limits(Struct, frozen=True, kw_only=True):
    """How much is shown.

    Up to `one_by_one` failing targets and `up` others have a row each; more failing ones are
    summed up by cause and group, in about `failing` rows.
    """

    one_by_one: int = SHORT
    failing: int = LONG
    up: int = FEW_UP
    hide_up: bool = False


UNLIMITED = Limits(one_by_one=10**9, failing=10**9, up=10**9)


class _Kind(Struct):
    """Failing targets of one group that are alike: the first, and the names of the next."""

    state: State
    cause: str | None
    number: int = 0
    first: list[Result] = []
    names: list[str] = []


class _Group(Struct):
    """The targets of a group; those that are up and not in `good` are only counted."""

    name: str | None
    kinds: dict[tuple[State, str | None], _Kind] = {}
    good: list[Result] = []
    up: int = 0

    def worst_first(self) -> list[_Kind]:
        return sorted(self.kinds.values(), key=lambda kind: SEVERITY[kind.state])

    def counts(self) -> Counter[State]:
        states: Counter[State] = Counter()
        for kind in self.kinds.values():
            states[kind.state] += kind.number
        states["up"] += self.up
        return states

    def rank(self) -> tuple[int, int]:
        counts = self.counts()
        worst: State = next((state for state in SEVERITY if counts[state]), "up")
        return SEVERITY[worst], -counts[worst]


def _grouped(results: Sequence[Result], limits: Limits, kept: int) -> list[_Group]:
    """Groups, worst first; of targets that fail alike in one, `kept` are kept as they are."""
    groups: dict[str | None, _Group] = {}
    if isinstance(results, Spooled) and len(results) - len(results.not_up) > limits.up:
        groups = {name: _Group(name, up=number) for name, number in results.up_in_groups.items()}
        results = results.not_up
    for result in results:
        group = groups.get(result.group)
        if group is None:
            group = groups[result.group] = _Group(result.group)
        if result.state == "up":
            group.good.append(result)
            group.up += 1
            continue
        key = result.state, result.cause
        kind = group.kinds.get(key)
        if kind is None:
            kind = group.kinds[key] = _Kind(*key)
        kind.number += 1
        if kind.number <= kept:
            kind.first.append(result)
        elif len(kind.names) < _NAMED:
            kind.names.append(result.name)
    return sorted(groups.values(), key=_Group.rank)


def _failing(group: _Group, most: int) -> Iterator[Result | More]:
    """Failing targets of one group, of each state and cause the first `most`."""
    for kind in group.worst_first():
        # To sum up a single target would take the line that shows it.
        shown = most if kind.number > most + 1 else kind.number
        yield from kind.first[:shown]
        if rest := kind.number - shown:
            names = [*(result.name for result in kind.first[shown:]), *kind.names]
            yield More(rest, kind.state, kind.cause, tuple(names[:_NAMED]))


def items(
    results: Sequence[Result], limits: Limits, tallies: Tallies | None = None
) -> Iterator[Item]:
    """What the table shows of `results`, in order; `tallies` count groups that are not all given.

    Groups come worst first and in each what fails first. Many failures of one cause in one group
    are summed up after the first few; so are the targets that are up, unless they are few.
    """
    failing = number_not_up(results)
    one_by_one = failing <= limits.one_by_one
    groups = _grouped(results, limits, failing if one_by_one else _OF_A_KIND + 1)
    has_groups = any(group.name is not None for group in groups)
    shows_up = sum(group.up for group in groups) <= limits.up and not limits.hide_up
    kinds = sum(len(group.kinds) for group in groups)
    most = failing if one_by_one else max(1, min(_OF_A_KIND, limits.failing // kinds))
    room = limits.failing
    hidden: Counter[State] = Counter()
    hidden_groups = 0
    quiet: list[tuple[str | None, int]] = []
    for group in groups:
        if group.kinds and room <= 0:
            for kind in group.kinds.values():
                hidden[kind.state] += kind.number
            hidden_groups += 1
            continue
        if not group.kinds and (not shows_up or limits.hide_up):
            quiet.append((group.name, group.up))
            continue
        if has_groups:
            counts = tallies[group.name] if tallies else group.counts()
            yield Heading(
                group.name, tuple((state, counts[state]) for state in SEVERITY if counts[state])
            )
        for item in _failing(group, most):
            room -= 1
            yield item
        if shows_up:
            yield from group.good
        elif group.up and not has_groups and not limits.hide_up:
            yield More(group.up, "up")
    for state in SEVERITY:
        if hidden[state]:
            yield More(hidden[state], state, groups=hidden_groups if has_groups else 0)
    if not limits.hide_up:
        yield from _quiet(quiet)


def _quiet(groups: Sequence[tuple[str | None, int]]) -> Iterator[Item]:
    """Groups of which everything is up: a line each while they are few, else one for all."""
    if len(groups) <= _QUIET_GROUPS and any(name is not None for name, _ in groups):
        for name, number in groups:
            yield Heading(name, (("up", number),))
    elif groups:
        named = len(groups) if len(groups) > 1 else 0
        yield More(sum(number for _, number in groups), "up", groups=named)

"""Which results the table shows, and in which order: what fails first, and no more than is read."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence

from msgspec import Struct

from probecli.model.cause import State
from probecli.model.result import Result
from probecli.output.words import SEVERITY

SHORT = 60
"""So many failing targets are always shown one by one."""

LONG = 100
"""So many rows people still read; beyond, targets of one cause in one group are summed up."""

FEW_UP = 20
"""So many targets that are up are shown one by one."""

_OF_A_KIND = 5
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


def _severity(result: Result) -> int:
    return SEVERITY[result.state]


def _grouped(results: Iterable[Result]) -> list[tuple[str | None, list[Result]]]:
    """Groups, worst first; their targets, worst first, else in the order given."""
    groups: dict[str | None, list[Result]] = {}
    for result in results:
        groups.setdefault(result.group, []).append(result)
    for members in groups.values():
        members.sort(key=_severity)

    def rank(entry: tuple[str | None, list[Result]]) -> tuple[int, int]:
        worst = _severity(entry[1][0])
        return worst, -sum(_severity(result) == worst for result in entry[1])

    return sorted(groups.items(), key=rank)


def _kind(result: Result) -> tuple[State, str | None]:
    return result.state, result.cause


def _failing(members: Sequence[Result], most: int) -> Iterator[Result | More]:
    """Failing targets of one group, of each state and cause the first `most`."""
    kinds: dict[tuple[State, str | None], list[Result]] = {}
    for result in members:
        kinds.setdefault(_kind(result), []).append(result)
    for (state, cause), alike in kinds.items():
        # Summing up a single target would take the line that shows it.
        shown = most if len(alike) > most + 1 else len(alike)
        yield from alike[:shown]
        if rest := alike[shown:]:
            yield More(len(rest), state, cause, tuple(result.name for result in rest[:20]))


def items(
    results: Sequence[Result], limits: Limits, tallies: Tallies | None = None
) -> Iterator[Item]:
    """What the table shows of `results`, in order; `tallies` count groups that are not all given.

    Groups come worst first and in each what fails first. Many failures of one cause in one group
    are summed up after the first few; so are the targets that are up, unless they are few.
    """
    groups = _grouped(results)
    has_groups = any(name is not None for name, _ in groups)
    states = Counter(result.state for result in results)
    failing = len(results) - states["up"]
    shows_up = states["up"] <= limits.up and not limits.hide_up
    kinds = len({(result.group, *_kind(result)) for result in results if result.state != "up"})
    most = failing
    if failing > limits.one_by_one:
        most = max(1, min(_OF_A_KIND, limits.failing // max(kinds, 1)))
    room = limits.failing
    hidden: Counter[State] = Counter()
    hidden_groups = 0
    quiet: list[tuple[str | None, int]] = []
    for name, members in groups:
        bad = [result for result in members if result.state != "up"]
        good = members[len(bad) :]
        if bad and room <= 0:
            hidden.update(result.state for result in bad)
            hidden_groups += 1
            continue
        if not bad and (not shows_up or limits.hide_up):
            quiet.append((name, len(good)))
            continue
        if has_groups:
            counts = tallies[name] if tallies else Counter(result.state for result in members)
            yield Heading(
                name, tuple((state, counts[state]) for state in SEVERITY if counts[state])
            )
        for item in _failing(bad, most):
            room -= 1
            yield item
        if shows_up:
            yield from good
        elif good and not has_groups and not limits.hide_up:
            yield More(len(good), "up")
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

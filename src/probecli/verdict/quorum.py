"""One verdict on a target from what several vantages saw of it."""

from collections.abc import Iterable, Sequence

from msgspec import Struct
from msgspec.structs import replace

from probecli.model.cause import State
from probecli.model.moment import epoch_s
from probecli.model.result import Result
from probecli.text import one_line

_WORST_FIRST: tuple[State, ...] = ("down", "degraded", "up")
_MOST_NAMES = 5
_REASON_LIMIT = 90
_BLIND = "no vote: all its controls fail"
_SILENT = "no vote: it did not report in time"


class Vote(Struct, frozen=True):
    """What one vantage saw of a target; None when it ought to have seen it and did not report.

    `blind` when all controls of its run failed.
    """

    vantage: str
    result: Result | None
    blind: bool = False

    @property
    def says(self) -> State:
        """The state that it votes for; unknown is no vote: the vantage cannot tell."""
        return "unknown" if self.blind or self.result is None else self.result.state


def state_by(votes: Sequence[Vote], quorum: int | None = None) -> State:
    """The state that `quorum` vantages agree on; without one, a majority of those that can tell.

    Down when at least so many say down. Else degraded when so many say degraded or down, else up:
    the quorum-th worst vote. A quorum of more vantages than probed the target is all of those.

    A vantage that cannot tell has no vote. Without votes the target is unknown; and with a quorum
    given, also where those that cannot tell would decide between down and not down.
    """
    states = sorted((vote.says for vote in votes if vote.says != "unknown"), key=_WORST_FIRST.index)
    if not states:
        return "unknown"
    needed = len(states) // 2 + 1
    if quorum is not None:
        needed = min(quorum, len(votes))
        down = states.count("down")
        if down < needed <= down + len(votes) - len(states):
            return "unknown"
    return states[min(needed, len(states)) - 1]


def agreed(votes: Iterable[Vote], quorum: int | None = None) -> Result:
    """The result of the target by `state_by`, from votes of which one or more has a result.

    It is the one of the first vantage by name that saw this state, a flaky one first: a retry never
    hides. `since` is the earliest that a vantage with this state knows, `last_ok` the latest before
    it. It is gated where any vantage gates it.
    """
    ordered = sorted(votes, key=lambda vote: vote.vantage)
    results = [vote.result for vote in ordered if vote.result is not None]
    state = state_by(ordered, quorum)
    holders = [
        vote.result
        for vote in ordered
        if vote.result is not None and vote.says == vote.result.state == state
    ]
    if holders:
        carried = min(holders, key=lambda result: not result.flaky)
    else:
        is_blind = any(vote.blind for vote in ordered)
        carried = replace(
            results[0],
            state="unknown",
            cause="local.network" if is_blind else "local.interrupted",
            flaky=False,
        )
    since, last_ok = _interval(holders)
    return replace(
        carried,
        since=since,
        last_ok=last_ok,
        gated=any(result.gated for result in results),
    )


def _interval(holders: Sequence[Result]) -> tuple[str | None, str | None]:
    """Since when the state holds as far as anybody knows, and the last time before it that did."""
    known = [result.since for result in holders if result.since is not None]
    if not known:
        return None, None
    since = min(known, key=epoch_s)
    before = [
        result.last_ok
        for result in holders
        if result.last_ok is not None and epoch_s(result.last_ok) < epoch_s(since)
    ]
    return since, max(before, key=epoch_s, default=None)


def with_votes_told(result: Result, votes: Iterable[Vote], quorum: int | None = None) -> Result:
    """The agreed result with a `detail` that says who saw what.

    Such as `down from 2 of 3 vantages: lyon-1, paris-1 (http.error: 503); up from oslo-1`. An up
    needs none that all saw who could: what kept a whole vantage from it is the run's to say.
    """
    ordered = sorted(votes, key=lambda vote: vote.vantage)
    by_state: dict[State, list[Vote]] = {result.state: []}
    for state in (*_WORST_FIRST, "unknown"):
        if members := [vote for vote in ordered if vote.says == state]:
            by_state[state] = members
    return replace(result, detail=_votes_words(result, by_state, len(ordered), quorum))


def _votes_words(
    result: Result, by_state: dict[State, list[Vote]], total: int, quorum: int | None
) -> str | None:
    state = result.state
    first, *others = by_state.items()
    everywhere = "both" if total == 2 else f"all {total}"
    if state == "up" and all(_is_run_wide(vote) for _, members in others for vote in members):
        return result.detail
    if not others:
        if total == 1:
            alone = first[1][0]
            why = _BLIND if alone.blind else result.detail or result.cause
            return f"seen from {alone.vantage} alone: {why}"
        if len({_reason(vote) for vote in first[1]}) == 1 and not first[1][0].blind:
            return f"{state} from {everywhere} vantages: {result.detail or result.cause}"
        return f"{state} from {everywhere} vantages: {_listed(first[1])}"
    rest = "; ".join(f"{name} from {_listed(members)}" for name, members in others)
    if state == "unknown":
        unable = _listed(first[1])
        return f"undecided for a quorum of {quorum}: {rest}; unknown from {unable}"
    return f"{state} from {len(first[1])} of {total} vantages: {_listed(first[1])}; {rest}"


def _is_run_wide(vote: Vote) -> bool:
    return vote.blind or vote.result is None


def _reason(vote: Vote) -> str:
    if vote.result is None:
        return _SILENT
    if vote.blind:
        return _BLIND
    parts = (vote.result.cause, vote.result.detail)
    return one_line(": ".join(filter(None, parts)), _REASON_LIMIT)


def _listed(votes: Sequence[Vote]) -> str:
    """`lyon-1, paris-1 (http.error: 503), oslo-1 (tcp.refused)`: names by what they met."""
    by_reason: dict[str, list[str]] = {}
    for vote in votes:
        by_reason.setdefault(_reason(vote), []).append(vote.vantage)
    return ", ".join(
        _names(names) + (f" ({reason})" if reason else "") for reason, names in by_reason.items()
    )


def _names(names: Sequence[str]) -> str:
    shown = ", ".join(names[:_MOST_NAMES])
    rest = len(names) - _MOST_NAMES
    return f"{shown} and {rest} more" if rest > 0 else shown

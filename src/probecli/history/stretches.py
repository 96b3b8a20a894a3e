"""The states of one target over time, run-length encoded: a year of minutes is a few rows."""

from collections.abc import Callable, Sequence

from msgspec import Struct
from msgspec.structs import replace

from probecli.model.cause import State
from probecli.model.result import Result

OK: frozenset[State] = frozenset({"up", "degraded"})


class Seen(Struct, frozen=True, gc=False, kw_only=True):
    """One observation of one target, as far as a history keeps it."""

    at_us: int
    state: State
    cause: str | None = None
    status: int | None = None
    detail: str | None = None
    ip: str | None = None
    not_after: str | None = None


class Stretch(Struct, frozen=True, gc=False, kw_only=True):
    """Observations on end of one state, cause and status, from the first to the last.

    The words, the address and the certificate are those of one of them. What follows is carried
    over from the stretches before, so that the newest alone says since when: `since_us` is the
    begin of the spell of this state; `known` the last state that was not unknown, and
    `known_since_us` the begin of its spell; `prior_up_us` and `prior_ok_us` the last observation
    before this stretch that was up, and that was up or degraded.
    """

    first_us: int
    last_us: int
    state: State
    cause: str | None
    status: int | None
    detail: str | None
    ip: str | None
    not_after: str | None
    since_us: int
    known: State | None
    known_since_us: int | None
    prior_up_us: int | None
    prior_ok_us: int | None

    @property
    def last_better_us(self) -> int | None:
        """The last observation that was better; None when there was none, and for up."""
        if self.state == "up":
            return None
        return self.prior_up_us if self.state == "degraded" else self.prior_ok_us


def is_observation(result: Result) -> bool:
    """Whether a result says anything of its target: an interrupted probe never counts."""
    return result.cause != "local.interrupted"


def seen_in(result: Result, at_us: int) -> Seen:
    """What a history keeps of a result."""
    return Seen(
        at_us=at_us,
        state=result.state,
        cause=result.cause,
        status=result.http.status if result.http else None,
        detail=result.detail,
        ip=result.server.ip if result.server else None,
        not_after=result.tls.not_after if result.tls else None,
    )


def continues(stretch: Stretch, seen: Seen) -> bool:
    """Whether an observation is of a stretch's kind.

    Redirects and answers of a target that is up may differ in status: that is no change of state.
    """
    return (
        stretch.state == seen.state
        and stretch.cause == seen.cause
        and (seen.state == "up" or stretch.status == seen.status)
    )


def following(previous: Stretch | None, seen: Seen) -> Stretch:
    """The stretch that an observation opens after `previous`."""
    one = Stretch(
        first_us=seen.at_us,
        last_us=seen.at_us,
        state=seen.state,
        cause=seen.cause,
        status=seen.status,
        detail=seen.detail,
        ip=seen.ip,
        not_after=seen.not_after,
        since_us=seen.at_us,
        known=None,
        known_since_us=None,
        prior_up_us=None,
        prior_ok_us=None,
    )
    return carried(one, previous)


def carried(stretch: Stretch, previous: Stretch | None) -> Stretch:
    """`stretch` with what the one before it hands over.

    Unknown neither ends nor begins a spell of another state.
    """
    known: State | None = None
    known_since: int | None = None
    prior_up = prior_ok = None
    since = stretch.first_us
    if previous is not None:
        known, known_since = previous.known, previous.known_since_us
        prior_up = previous.last_us if previous.state == "up" else previous.prior_up_us
        prior_ok = previous.last_us if previous.state in OK else previous.prior_ok_us
        if previous.state == stretch.state:
            since = previous.since_us
    if stretch.state != "unknown":
        if known != stretch.state or known_since is None:
            known, known_since = stretch.state, stretch.first_us
        since = known_since
    return replace(
        stretch,
        since_us=since,
        known=known,
        known_since_us=known_since,
        prior_up_us=prior_up,
        prior_ok_us=prior_ok,
    )


def appended(newest: Stretch | None, seen: Seen) -> Stretch:
    """The newest stretch after one more observation, later than all others.

    The same `first_us` as before says that it grew, another that it is new.
    """
    if newest is not None and continues(newest, seen):
        return replace(newest, last_us=seen.at_us)
    return following(newest, seen)


Neighbour = Callable[[int], int | None]


def inserted(
    stretches: Sequence[Stretch], seen: Seen, *, before: Neighbour, after: Neighbour
) -> list[Stretch]:
    """All stretches of a target with one more observation, wherever in time it stands.

    `before` and `after` name the observation next to a moment; they are asked only where the new
    one splits a stretch.
    """
    at = seen.at_us
    index = sum(one.first_us <= at for one in stretches)
    left, right = list(stretches[:index]), list(stretches[index:])
    fresh = following(None, seen)
    if left and continues(left[-1], seen):
        left[-1] = replace(left[-1], last_us=max(left[-1].last_us, at))
    elif left and at <= left[-1].last_us:
        whole = left[-1]
        until, again = before(at), after(at)
        left[-1] = replace(whole, last_us=whole.first_us if until is None else until)
        right.insert(0, replace(whole, first_us=whole.last_us if again is None else again))
        left.append(fresh)
    elif right and continues(right[0], seen):
        right[0] = replace(fresh, last_us=right[0].last_us)
    else:
        left.append(fresh)
    told: list[Stretch] = []
    for one in (*left, *right):
        told.append(carried(one, told[-1] if told else None))
    return told

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from output.samples import result
from probecli.model.cause import STATES, State
from probecli.verdict.quorum import Vote, agreed, state_by, with_votes_told

UP, DEGRADED, DOWN, UNKNOWN = STATES
ERROR = "503 Service Unavailable, expected 200-399"


def vote(vantage: str, state: State, *, blind: bool = False, **fields: Any) -> Vote:
    causes = {"down": "http.error", "degraded": "expect.latency", "unknown": "blocked.challenge"}
    return Vote(vantage, result("api", state, causes.get(state), **fields), blind)


def told(votes: list[Vote], quorum: int | None = None) -> str | None:
    return with_votes_told(agreed(votes, quorum), votes, quorum).detail


@pytest.mark.parametrize(
    ("states", "quorum", "expected"),
    [
        ([DOWN, DOWN, UP], None, DOWN),
        ([DOWN, UP, UP], None, UP),
        ([DOWN, UP], None, UP),
        ([DOWN, DOWN], None, DOWN),
        ([DOWN, DEGRADED, UP], None, DEGRADED),
        ([DEGRADED, UP, UP], None, UP),
        ([DOWN, UNKNOWN, UNKNOWN], None, DOWN),
        ([UNKNOWN, UNKNOWN], None, UNKNOWN),
        ([DOWN, UP, UP], 1, DOWN),
        ([DOWN, DOWN, UP], 3, UP),
        ([DOWN, DOWN, DOWN], 3, DOWN),
        ([DOWN], 3, DOWN),
        ([DOWN, UP, UNKNOWN], 2, UNKNOWN),
        ([DOWN, UNKNOWN], 2, UNKNOWN),
        ([DOWN, UNKNOWN], 3, UNKNOWN),
        ([UP, UP, UNKNOWN], 2, UP),
        ([DEGRADED, UNKNOWN, UP], 2, UP),
        ([DEGRADED, UNKNOWN], 2, DEGRADED),
        ([UP, UNKNOWN, UNKNOWN], 2, UNKNOWN),
        ([DOWN, DOWN, UNKNOWN], 2, DOWN),
    ],
)
def test_a_quorum_agrees_on_a_state(
    states: list[State], quorum: int | None, expected: State
) -> None:
    votes = [vote(f"v{index}", state) for index, state in enumerate(states)]

    assert state_by(votes, quorum) == expected


@given(st.lists(st.sampled_from(STATES), min_size=1), st.none() | st.integers(1, 6), st.randoms())
def test_the_order_of_the_votes_changes_nothing(
    states: list[State], quorum: int | None, rng: Any
) -> None:
    votes = [vote(f"v{index:02}", state, detail=ERROR) for index, state in enumerate(states)]
    shuffled = rng.sample(votes, len(votes))

    assert agreed(shuffled, quorum) == agreed(votes, quorum)
    assert told(shuffled, quorum) == told(votes, quorum)


@given(st.lists(st.sampled_from(STATES), min_size=1), st.integers(1, 6))
def test_one_more_down_never_makes_a_target_less_down(states: list[State], quorum: int) -> None:
    votes = [vote(f"v{index}", state) for index, state in enumerate(states)]
    worse = [*votes[:-1], vote("v", "down")]

    if state_by(votes, quorum) == "down":
        assert state_by(worse, quorum) == "down"


def test_who_saw_what_is_told() -> None:
    votes = [
        vote("paris-1", "down", detail=ERROR),
        vote("oslo-1", "up"),
        vote("lyon-1", "down", detail=ERROR),
    ]

    assert (
        told(votes)
        == f"down from 2 of 3 vantages: lyon-1, paris-1 (http.error: {ERROR}); up from oslo-1"
    )
    assert told([votes[0], votes[2]]) == f"down from both vantages: {ERROR}"
    assert (
        told(votes[1:], 1)
        == f"down from 1 of 2 vantages: lyon-1 (http.error: {ERROR}); up from oslo-1"
    )
    assert told([votes[0]]) == f"seen from paris-1 alone: {ERROR}"


def test_different_reasons_are_told_apart() -> None:
    votes = [vote("a", "down", detail="no"), vote("b", "down", detail="never"), vote("c", "down")]

    assert told(votes) == (
        "down from all 3 vantages: a (http.error: no), b (http.error: never), c (http.error)"
    )


def test_an_up_tells_of_those_that_saw_it_otherwise_alone() -> None:
    ups = [vote("a", "up"), vote("b", "up")]

    assert told([*ups, vote("c", "up")]) is None
    assert told([*ups, vote("c", "down", blind=True), Vote("d", None)]) is None
    assert (
        told([*ups, vote("c", "down")]) == "up from 2 of 3 vantages: a, b; down from c (http.error)"
    )


def test_a_vantage_without_a_network_has_no_vote() -> None:
    votes = [vote("a", "down", blind=True), vote("b", "down", blind=True), vote("c", "up")]

    assert agreed(votes).state == "up"
    alone = agreed(votes[:2])
    assert (alone.state, alone.cause) == ("unknown", "local.network")
    assert told(votes[:1]) == "seen from a alone: no vote: all its controls fail"
    assert told(votes[:2]) == "unknown from both vantages: a, b (no vote: all its controls fail)"


def test_a_vantage_that_did_not_report_may_leave_a_quorum_undecided() -> None:
    votes = [vote("a", "down"), vote("b", "up"), Vote("c", None)]

    assert agreed(votes).state == "up"
    undecided = agreed(votes, 2)
    assert (undecided.state, undecided.cause) == ("unknown", "local.interrupted")
    assert told(votes, 2) == (
        "undecided for a quorum of 2: down from a (http.error); up from b; "
        "unknown from c (no vote: it did not report in time)"
    )


def test_the_result_is_that_of_the_first_vantage_with_the_state_a_flaky_one_first() -> None:
    votes = [vote("b", "up", ms=2.0), vote("c", "up", ms=3.0, flaky=True), vote("a", "up", ms=1.0)]

    assert agreed(votes).duration_ms == 3.0
    assert agreed([votes[0], votes[2]]).duration_ms == 1.0


def dated(vantage: str, state: State, since: str | None, last_ok: str | None) -> Vote:
    def day(hour: str | None) -> str | None:
        return None if hour is None else f"2025-12-22T{hour}:00.000Z"

    return vote(vantage, state, since=day(since), last_ok=day(last_ok))


@pytest.mark.parametrize(
    ("votes", "since", "last_ok"),
    [
        ([("06:00", "05:55"), ("06:05", "05:59")], "06:00", "05:59"),
        ([("06:00", "05:55"), ("06:05", "06:02")], "06:00", "05:55"),
        ([("06:00", None), ("06:05", "06:02")], "06:00", None),
        ([(None, None), ("06:05", "06:02")], "06:05", "06:02"),
        ([(None, None), (None, None)], None, None),
    ],
)
def test_since_is_the_earliest_known_and_last_ok_the_latest_before_it(
    votes: list[tuple[str | None, str | None]], since: str | None, last_ok: str | None
) -> None:
    down = [dated(f"v{index}", "down", *one) for index, one in enumerate(votes)]
    found = agreed([*down, dated("w", "degraded", "01:00", "00:55")])

    assert found.since == (since and f"2025-12-22T{since}:00.000Z")
    assert found.last_ok == (last_ok and f"2025-12-22T{last_ok}:00.000Z")


def test_what_any_vantage_gates_is_gated() -> None:
    votes = [vote("a", "up", gated=False), vote("b", "up", gated=True)]

    assert agreed(votes).gated
    assert not agreed([replace(votes[0], vantage="c"), votes[0]]).gated


def test_many_vantages_are_named_in_few_words() -> None:
    votes = [vote(f"v{index}", "down") for index in range(8)]

    assert told([*votes, vote("w", "up")]) == (
        "down from 8 of 9 vantages: v0, v1, v2, v3, v4 and 3 more (http.error); up from w"
    )

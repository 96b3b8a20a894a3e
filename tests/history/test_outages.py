import pytest

from probecli.history.moment import HOUR, MINUTE
from probecli.history.outages import (
    Outage,
    gap_limit_us,
    gaps,
    is_flapping,
    mean_time_to_recovery_us,
    outages,
    uptime,
    usual_interval_us,
)
from probecli.history.stretches import Seen, Stretch, appended

LETTERS = {"u": "up", "g": "degraded", "d": "down", "?": "unknown"}


def stretches(states: str, every: int = MINUTE) -> list[Stretch]:
    """The stretches of one observation a letter, `every` microseconds apart."""
    told: list[Stretch] = []
    for number, letter in enumerate(states):
        state = LETTERS[letter]
        one = Seen(at_us=number * every, state=state, cause="x" if state != "up" else None)  # type: ignore[arg-type]
        newest = appended(told[-1] if told else None, one)
        told = [*(told if newest.first_us == one.at_us else told[:-1]), newest]
    return told


def minutes(told: list[Outage]) -> list[tuple[int, int | None, int]]:
    return [
        (
            one.since_us // MINUTE,
            None if one.until_us is None else one.until_us // MINUTE,
            one.changes,
        )
        for one in told
    ]


@pytest.mark.parametrize(
    ("states", "told"),
    [
        ("uuuu", []),
        ("uudduu", [(2, 4, 0)]),
        ("uuddd", [(2, None, 0)]),
        ("dduu", [(0, 2, 0)]),
        ("uud??d?u", [(2, 7, 0)]),
        ("uudgu", [(2, 3, 0)]),
        ("uu??uu", []),
        ("udu" + "u" * 60 + "du", [(1, 2, 0), (63, 64, 0)]),
        ("ududu" + "u" * 90 + "du", [(1, 4, 4), (95, 96, 0)]),
        ("u" + "du" * 10, [(1, 20, 20)]),
        ("ududud", [(1, None, 5)]),
        ("du" + "u" * 59 + "dudu", [(0, 1, 0), (61, 64, 4)]),
    ],
)  # fmt: skip
def test_spells_of_down_are_incidents_and_flapping_is_one(
    states: str, told: list[tuple[int, int | None, int]]
) -> None:
    assert minutes(outages(stretches(states), HOUR)) == told


def test_flapping_ends_after_a_window_of_calm() -> None:
    told = outages(stretches("ududu"), HOUR)

    assert is_flapping(told, 30 * MINUTE, HOUR)
    assert not is_flapping(told, 65 * MINUTE, HOUR)
    assert not is_flapping(outages(stretches("udu"), HOUR), 5 * MINUTE, HOUR)


def test_the_mean_time_to_recovery_is_of_incidents_that_are_over() -> None:
    told = outages(stretches("udduuudddduud"), MINUTE)

    assert mean_time_to_recovery_us(told) == 3 * MINUTE
    assert mean_time_to_recovery_us([told[-1]]) is None


def test_a_run_that_did_not_take_place_is_a_gap_and_never_uptime() -> None:
    times = [number * MINUTE for number in (0, 1, 2, 3, 30, 31, 32)]
    interval = usual_interval_us(times)
    assert interval == MINUTE
    missing = gaps(times, 40 * MINUTE, gap_limit_us(interval))
    assert missing == [(3 * MINUTE, 30 * MINUTE), (32 * MINUTE, 40 * MINUTE)]

    up = [stretches("u")[0]]
    was = uptime(up, missing, 0, 40 * MINUTE)

    assert (was.ok_us, was.down_us, was.gap_us) == (5 * MINUTE, 0, 35 * MINUTE)
    assert was.share == 1.0


@pytest.mark.parametrize(("factor", "is_gap"), [(2.5, False), (2.51, True)])
def test_a_gap_is_more_than_two_and_a_half_intervals(factor: float, is_gap: bool) -> None:
    times = [0, MINUTE, 2 * MINUTE, 2 * MINUTE + int(factor * MINUTE)]

    assert bool(gaps(times, times[-1], gap_limit_us(MINUTE))) is is_gap


def test_uptime_counts_degraded_as_ok_and_unknown_as_neither() -> None:
    was = uptime(stretches("ugdd??"), [], 0, 6 * MINUTE)

    assert (was.ok_us, was.down_us, was.unknown_us) == (2 * MINUTE, 2 * MINUTE, 2 * MINUTE)
    assert was.share == 0.5


def test_a_window_begins_inside_a_stretch_and_ends_inside_another() -> None:
    was = uptime(stretches("uuuudddd"), [(5 * MINUTE, 6 * MINUTE)], 3 * MINUTE, 7 * MINUTE)

    assert (was.ok_us, was.down_us, was.gap_us) == (MINUTE, 2 * MINUTE, MINUTE)


def test_before_the_first_observation_there_is_nothing_to_count() -> None:
    told = [one for one in stretches("uuuudd") if one.state == "down"]

    assert uptime(told, [], 0, 6 * MINUTE).share == 0.0
    assert uptime(told, [], 0, 3 * MINUTE).share is None

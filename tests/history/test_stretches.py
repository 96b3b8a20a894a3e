from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from probecli.history.stretches import Seen, Stretch, appended, carried, continues, inserted
from probecli.model.cause import State

states = st.sampled_from(["up", "degraded", "down", "unknown"])
observations = st.lists(
    st.tuples(st.integers(1, 60), states, st.sampled_from(["a", "b"])),
    unique_by=lambda row: row[0],
    min_size=1,
    max_size=14,
)


def seen(at: int, state: State, cause: str) -> Seen:
    return Seen(at_us=at, state=state, cause=None if state == "up" else cause)


def encoded(rows: Sequence[Seen]) -> list[Stretch]:
    """The stretches of observations that come in order."""
    told: list[Stretch] = []
    for row in rows:
        newest = appended(told[-1] if told else None, row)
        told = (
            [*told[:-1], newest]
            if told and told[-1].first_us == newest.first_us
            else [*told, newest]
        )
    return told


@given(observations, st.data())
def test_any_order_of_observations_gives_the_same_stretches(
    rows: list[tuple[int, State, str]], data: st.DataObject
) -> None:
    ordered = [seen(*row) for row in sorted(rows)]
    mixed = data.draw(st.permutations(ordered))
    told: list[Stretch] = []
    there: set[int] = set()
    for one in mixed:
        told = inserted(
            told,
            one,
            before=lambda at, there=frozenset(there): max(
                (t for t in there if t < at), default=None
            ),
            after=lambda at, there=frozenset(there): min(
                (t for t in there if t > at), default=None
            ),
        )
        there.add(one.at_us)

    assert told == encoded(ordered)


@given(observations)
def test_since_and_last_ok_are_the_interval_that_the_observations_say(
    rows: list[tuple[int, State, str]],
) -> None:
    ordered = [seen(*row) for row in sorted(rows)]
    now = ordered[-1]
    newest = encoded(ordered)[-1]
    if now.state == "unknown":
        spell = [one.at_us for one in ordered]
        for index in range(len(ordered) - 1, -1, -1):
            if ordered[index].state != "unknown":
                spell = [one.at_us for one in ordered[index + 1 :]]
                break
        better: tuple[State, ...] = ("up", "degraded")
    else:
        known = [one for one in ordered if one.state != "unknown"]
        spell = []
        for one in reversed(known):
            if one.state != now.state:
                break
            spell.insert(0, one.at_us)
        better = {"down": ("up", "degraded"), "degraded": ("up",), "up": ()}[now.state]  # type: ignore[assignment]
    before = [one.at_us for one in ordered if one.state in better and one.at_us < spell[0]]

    assert newest.since_us == spell[0] <= now.at_us
    assert newest.last_better_us == (before[-1] if before else None)
    assert newest.last_better_us is None or newest.last_better_us < newest.since_us


def test_unknown_neither_ends_nor_begins_a_spell_of_down() -> None:
    rows = [
        seen(1, "up", ""),
        seen(2, "unknown", "a"),
        seen(3, "down", "a"),
        seen(4, "unknown", "a"),
    ]
    after = encoded([*rows, seen(5, "down", "a")])[-1]

    assert (after.since_us, after.last_better_us) == (3, 1)


def test_another_cause_is_another_stretch_of_the_same_spell() -> None:
    told = encoded([seen(1, "up", ""), seen(2, "down", "a"), seen(3, "down", "b")])

    assert [(one.state, one.cause, one.since_us) for one in told[1:]] == [
        ("down", "a", 2),
        ("down", "b", 2),
    ]


def test_the_status_of_a_target_that_is_up_begins_no_stretch() -> None:
    first = appended(None, Seen(at_us=1, state="up", status=200))

    assert continues(first, Seen(at_us=2, state="up", status=204))
    assert carried(first, None) == first

from itertools import permutations
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from history.pasts import BEGIN_S, at, run_at, seen
from probecli.history.incidents import incidents_of
from probecli.history.memory import changes, dated, known, recalled
from probecli.history.moment import DAY, MINUTE, SECOND, text_of
from probecli.history.place import Place
from probecli.history.review import Asked, Review, reviews
from probecli.history.store import Store
from probecli.history.stretches import Stretch
from probecli.model.result import Result

LETTERS = {"u": "up", "g": "degraded", "d": "down", "?": "unknown"}


def played(store: Store, states: str, *, every: float = 5) -> None:
    """One run a letter, `every` minutes apart; a dot is a run that did not take place."""
    for number, letter in enumerate(states):
        if letter != ".":
            store.record(run_at(number * every), [seen(state=LETTERS[letter])])


def now(store: Store, minutes: float, *results: Result) -> list[Result]:
    memory = recalled(store, run_at(minutes))
    return [dated(memory, one) for one in results]


def kept(store: Store) -> dict[str, list[Stretch]]:
    last = store.last("paris-1")
    stretches = store.recent([one.id for one in last.values()], 0)
    assert all(one.newest == stretches[one.id][-1] for one in last.values())
    return {name: stretches[one.id] for name, one in last.items()}


def reviewed(store: Store, minutes: float, **asked: Any) -> list[Review]:
    end = (BEGIN_S + round(minutes * 60)) * SECOND
    question = Asked(**{"since_us": end - 7 * DAY, "until_us": end} | asked)
    return store.read(lambda connection: reviews(connection, question))


def test_since_and_last_ok_are_an_interval(place: Place) -> None:
    store = Store(place, at(0))
    played(store, "uudd")
    (one,) = now(store, 20, seen(state="down"))

    assert (one.since, one.last_ok) == (at(10), at(5))
    (fresh,) = now(store, 20, seen("other", "down"))
    assert (fresh.since, fresh.last_ok) == (at(20), None)
    (up,) = now(store, 20, seen())
    assert (up.since, up.last_ok) == (None, None)


def test_a_run_is_kept_once(place: Place) -> None:
    store = Store(place, at(0))

    assert store.record(run_at(0), [seen()])
    assert not store.record(run_at(0), [seen(state="down")])
    assert [one.state for one in kept(store)["www"]] == ["up"]


def test_interrupted_probes_never_count(place: Place) -> None:
    store = Store(place, at(0))
    interrupted = seen(state="unknown", cause="local.interrupted")
    store.record(run_at(0), [seen(), seen("b", "down")])
    store.record(run_at(5, complete=False), [interrupted, seen("b", "down")])
    store.record(run_at(10, complete=False), [interrupted])
    told = kept(store)

    assert [(one.state, text_of(one.last_us)) for one in told["www"]] == [("up", at(0))]
    assert [(one.state, text_of(one.last_us)) for one in told["b"]] == [("down", at(5))]
    assert changes(recalled(store, run_at(15)), store, [interrupted]) == []


def test_runs_that_are_all_unknown_neither_end_nor_begin_an_outage(place: Place) -> None:
    store = Store(place, at(0))
    played(store, "ud??")
    (down,) = now(store, 20, seen(state="down"))
    (unknown,) = now(store, 20, seen(state="unknown"))

    assert (down.since, down.last_ok) == (at(5), at(0))
    assert (unknown.since, unknown.last_ok) == (at(10), at(0))


def test_a_clock_that_was_put_back_never_gives_a_since_in_the_future(place: Place) -> None:
    store = Store(place, at(0))
    played(store, "uuud")
    (one,) = now(store, 2, seen(state="down"))

    assert (one.since, one.last_ok) == (at(2), None)
    store.record(run_at(7), [seen(state="down")])
    assert [one.state for one in kept(store)["www"]] == ["up", "down", "up", "down"]


RUNS = [
    (run_at(number * 5), [seen(state=LETTERS[letter]), seen("b", LETTERS[other])])
    for number, (letter, other) in enumerate(["uu", "du", "dd", "?d", "ud"])
]


def test_runs_imported_in_any_order_give_the_same_history(tmp_path: Any) -> None:
    expected = None
    for number, order in enumerate(list(permutations(RUNS))[::7]):
        store = Store(Place(path=tmp_path / f"{number}.sqlite"), at(0))
        for run, results in order:
            store.record(run, results)
        told = (kept(store), reviewed(store, 25))
        expected = expected or told

        assert told == expected


@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.permutations([(number, name) for number in range(6) for name in "ab"]), st.data())
def test_any_order_of_runs_over_some_targets_gives_the_same_history(
    tmp_path_factory: pytest.TempPathFactory, order: list[tuple[int, str]], data: st.DataObject
) -> None:
    state = {key: data.draw(st.sampled_from(list(LETTERS.values()))) for key in sorted(order)}
    told = []
    for keys in (order, sorted(order)):
        store = Store(Place(path=tmp_path_factory.mktemp("h") / "h.sqlite"), at(0))
        for number, name in keys:
            run = run_at(number * 5, name=f"{number}{name}")
            store.record(run, [seen(name, state[number, name])])
        told.append(kept(store))

    assert told[0] == told[1]


def test_the_review_says_state_uptime_gaps_incidents_recovery_and_latency(place: Place) -> None:
    store = Store(place, at(0))
    played(store, "uuuuddu......uuu")
    (one,) = reviewed(store, 80)

    assert (one.state, one.observed, one.since) == ("up", True, at(30))
    day = one.uptime["24h"]
    # Ten minutes of down; 35 without a run; the rest of the 80 minutes is up.
    assert day.percent == pytest.approx(100 * 35 / 45, abs=0.001)
    assert day.gap_s == pytest.approx(35 * 60, abs=0.01)
    assert one.uptime["30d"] == day
    (incident,) = one.incidents
    assert (incident.since, incident.last_ok, incident.until) == (at(20), at(15), at(30))
    assert (incident.duration_s, one.mttr_s) == pytest.approx((600, 600), abs=0.01)
    assert one.latency_ms.p50 == pytest.approx(80, rel=1e-3)
    assert [value for value in one.latency_ms.series if value] == [pytest.approx(80, rel=1e-3)]


def test_what_has_not_been_observed_for_long_says_so(place: Place) -> None:
    store = Store(place, at(0))
    played(store, "uuud")
    (one,) = reviewed(store, 60)

    assert not one.observed
    assert one.last_seen == at(15)
    assert one.uptime["24h"].gap_s == pytest.approx(45 * 60, abs=0.01)


def test_the_review_chooses_by_name_group_vantage_and_time(place: Place) -> None:
    store = Store(place, at(0))
    both = [seen("a", "down", group="g"), seen("b", group="h", total=200.0)]
    for minutes in (0, 5, 10):
        store.record(run_at(minutes), both)
        store.record(run_at(minutes, vantage="lyon-1"), both)

    def names(**asked: Any) -> list[tuple[str, str]]:
        return [(one.vantage, one.name) for one in reviewed(store, 10, **asked)]

    assert names() == [("lyon-1", "a"), ("lyon-1", "b"), ("paris-1", "a"), ("paris-1", "b")]
    assert names(names=("a*",), vantages=("paris-1",)) == [("paris-1", "a")]
    assert names(groups=("h",)) == [("lyon-1", "b"), ("paris-1", "b")]
    assert reviewed(store, 10)[1].latency_ms.p95 == pytest.approx(200, rel=1e-3)
    assert reviewed(store, -1) == []


def test_one_target_of_many_has_the_latency_that_is_its_own(place: Place) -> None:
    store = Store(place, at(0))
    results = [seen(f"t{number:02}", total=float(number + 1)) for number in range(40)]
    store.record(run_at(0), results)
    store.record(run_at(5), results[20:])
    (one,) = reviewed(store, 6, names=("t30",))

    assert one.latency_ms.p95 == pytest.approx(31, rel=1e-3)


def test_prune_drops_what_is_older_and_keeps_since_when(place: Place) -> None:
    store = Store(place, at(0))
    store.record(run_at(-5), [seen("gone"), seen()])
    played(store, "uudd")
    pruned = store.prune((BEGIN_S + 12 * 60) * SECOND)

    assert (pruned.runs, pruned.stretches, pruned.targets) == (4, 2, 1)
    (one,) = now(store, 20, seen(state="down"))
    assert (one.since, one.last_ok) == (at(10), at(5))
    assert list(kept(store)) == ["www"]
    assert store.record(run_at(25), [seen()])


def test_incidents_know_onset_recurrence_flapping_and_what_was_not_probed(place: Place) -> None:
    store = Store(place, at(0))
    for minutes, state in ((-3000, "up"), (-2990, "down"), (-2900, "up"), (-5, "up"), (0, "down")):
        store.record(
            run_at(minutes), [seen("a", state, group="g"), seen("b", state, group="g"),
                              seen("c", group="g")],
        )  # fmt: skip
    results = [seen("a", "down", group="g"), seen("b", "down", group="g")]
    memory = recalled(store, run_at(5))
    (one,) = incidents_of(results, known(memory, store, results, {"g": "Group"}))

    assert (one.since, one.last_ok) == (at(0), at(-5))
    assert [(past.since, past.until) for past in one.past] == [(at(-2990), at(-2900))]
    assert one.not_probed == ("c",)
    assert one.changes == 0


def test_flapping_is_one_incident_since_its_first_change(place: Place) -> None:
    store = Store(place, at(0))
    played(store, "ududu")
    results = [seen(state="down")]
    (one,) = incidents_of(results, known(recalled(store, run_at(25)), store, results, {}))

    assert (one.since, one.last_ok, one.changes) == (at(5), at(0), 5)
    assert one.past == ()


def changed(store: Store, minutes: float, *results: Result) -> list[tuple[str, str | None]]:
    told = changes(recalled(store, run_at(minutes)), store, results)
    return [(one.result.name, one.before) for one in told]


def test_a_change_is_another_state_than_the_last_one_recorded(place: Place) -> None:
    store = Store(place, at(0))
    played(store, "uud")

    assert changed(store, 15, seen(state="down")) == []
    assert changed(store, 15, seen(state="down", cause="tcp.reset")) == []
    assert changed(store, 15, seen()) == [("www", "down")]
    assert changed(store, 15, seen(state="unknown")) == [("www", "down")]
    assert changed(store, 15, seen("new"), seen("worse", "down")) == [("worse", None)]


def test_a_flapping_target_is_no_news_until_it_has_been_calm(place: Place) -> None:
    store = Store(place, at(0))
    played(store, "ududu")

    assert changed(store, 25, seen(state="down")) == []
    played(store, "." * 5 + "u" * 30)
    assert changed(store, 180, seen(state="down")) == [("www", "up")]


def test_the_interval_of_runs_rules_what_a_gap_is(place: Place) -> None:
    store = Store(place, at(0))
    played(store, "uuu", every=600)
    hours = reviewed(store, 1200 + 20 * 60)[0]
    told = reviewed(store, 1200 + 20 * 60, interval_us=5 * MINUTE)[0]

    assert hours.uptime["24h"].gap_s == 0
    assert told.uptime["24h"].gap_s == pytest.approx(24 * 3600, abs=0.01)

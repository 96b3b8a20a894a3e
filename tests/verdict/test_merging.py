from typing import Any
from zlib import crc32

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from output.samples import OUTAGE, result, snapshot
from probecli.model.result import Result
from probecli.model.snapshot import LoopLag, Snapshot
from probecli.verdict.merging import Merged, merge
from probecli.verdict.shards import MergeError

Inputs = list[tuple[str, Snapshot]]


def seen(vantage: str, *results: Result, code: int = 0, **run: Any) -> Snapshot:
    """A run from `vantage` with an id of its own."""
    fields = {
        "vantage": vantage,
        "id": f"{vantage}-{run.get('shard')}",
        "config_sha256": "ab",
    } | run
    one = snapshot(results or OUTAGE)
    gate = replace(one.gate, exit_code=code)
    return replace(one, run=replace(one.run, **fields), gate=gate)


def shards(count: int, vantage: str = "paris-1", **run: Any) -> Inputs:
    """The sample's targets in `count` parts, as `--shard` makes them."""
    parts = [
        [one for one in OUTAGE if crc32(one.name.encode()) % count == index]
        for index in range(count)
    ]
    return [
        (f"{vantage}-{number}.json", _shard(vantage, part, f"{number}/{count}", run))
        for number, part in enumerate(parts, 1)
    ]


def _shard(vantage: str, part: list[Result], shard: str, run: dict[str, Any]) -> Snapshot:
    one = seen(vantage, OUTAGE[0], shard=shard, **run)
    return replace(one, targets=tuple(part))


def sorted_targets(merged: Merged) -> list[Result]:
    return sorted(merged.targets, key=lambda one: one.name)


@given(st.integers(1, 5), st.randoms())
def test_the_shards_of_a_run_are_the_run(count: int, rng: Any) -> None:
    inputs = shards(count)
    merged = merge(rng.sample(inputs, count))

    assert sorted_targets(merged) == sorted(OUTAGE, key=lambda one: one.name)
    assert merged == merge(inputs)
    assert (merged.run.complete, merged.problems, merged.codes) == (True, (), ())
    assert (merged.run.vantage, merged.run.config_sha256) == ("paris-1", "ab")


@given(st.randoms(), st.none() | st.integers(1, 3))
def test_the_order_of_snapshots_changes_nothing(rng: Any, quorum: int | None) -> None:
    blind = replace(seen("oslo-1"), controls=(result("control", "down", "tcp.timed_out"),))
    up = [replace(one, state="up", cause=None, detail=None) for one in OUTAGE]
    inputs = [*shards(2), *shards(3, "lyon-1")[1:], ("o", blind), ("r", seen("rome-1", *up))]

    assert merge(rng.sample(inputs, len(inputs)), quorum=quorum) == merge(inputs, quorum=quorum)


@pytest.mark.parametrize("run", [{}, {"notice": "said", "complete": False, "shard": "1/1"}])
def test_one_snapshot_comes_back_as_it_is(run: dict[str, Any]) -> None:
    one = replace(seen("paris-1", **run), controls=OUTAGE[:1], groups={"bpce": "BPCE"})
    merged = merge([("a.json", one)])

    assert (merged.run, merged.targets) == (one.run, one.targets)
    assert (merged.controls, merged.groups) == (one.controls, one.groups)
    assert (merged.problems, merged.notes) == ((), ())


def test_a_merged_run_reaches_from_the_first_start_to_the_last_end() -> None:
    first, second = shards(2)
    late = {"started_at": "2025-12-22T06:10:01.000Z", "finished_at": "2025-12-22T06:10:09.250Z"}
    run = merge([first, (second[0], replace(second[1], run=replace(second[1].run, **late)))]).run

    assert (run.started_at, run.finished_at) == (first[1].run.started_at, late["finished_at"])
    assert (run.duration_ms, run.shard) == (9250.0, None)
    assert run.id.startswith("20251222T061000000Z-")
    assert run.id != merge(shards(3)).run.id


def test_a_merged_run_is_as_exact_as_its_worst_part() -> None:
    first, second = (one for _, one in shards(2))
    exact = replace(first.run, clock="kernel", loop_lag_ms=LoopLag(0.1, 9.0, 9.5))
    late = replace(second.run, clock="loop", loop_lag_ms=LoopLag(0.2, 1.0, 30.0))
    parts = [("a", replace(first, run=exact)), ("b", replace(second, run=late))]
    run = merge(parts).run

    assert (run.clock, run.loop_lag_ms) == ("loop", LoopLag(0.2, 9.0, 30.0))


def test_what_is_missing_is_named_and_leaves_the_run_incomplete() -> None:
    merged = merge([shards(4)[2]])

    assert merged.problems == ("shards 1/4, 2/4, 4/4 of paris-1 are missing",)
    assert (merged.run.complete, merged.codes) == (False, (3,))
    assert merged.run.notice == "Incomplete: shards 1/4, 2/4, 4/4 of paris-1 are missing."


def test_of_a_doubled_shard_the_newest_counts() -> None:
    first, second = shards(2)
    newer = seen(
        "paris-1",
        replace(OUTAGE[0], name="anew"),
        shard="2/2",
        id="r-9",
        started_at="2025-12-22T06:11:00.000Z",
    )
    merged = merge([first, ("again.json", newer), second])

    assert merged.targets == (*first[1].targets, *newer.targets)
    assert merged.problems == (
        "shard 2/2 of paris-1 is there 2 times: the newest is taken, of 2025-12-22T06:11:00.000Z",
    )
    assert not merged.run.complete


@pytest.mark.parametrize(
    ("code", "words", "expected"),
    [
        (124, "was ended by its deadline", 124),
        (130, "was interrupted", 130),
        (1, "was cut short", 3),
    ],
)
def test_a_shard_that_was_cut_short_gives_its_exit_code(
    code: int, words: str, expected: int
) -> None:
    first, (name, second) = shards(2)
    cut = replace(
        second,
        run=replace(second.run, complete=False),
        gate=replace(second.gate, exit_code=code),
    )
    merged = merge([first, (name, cut)])

    assert merged.problems == (f"shard 2/2 of paris-1 {words}",)
    assert (merged.codes, merged.run.complete) == ((expected,), False)


def test_the_same_run_given_twice_counts_once() -> None:
    one = seen("paris-1")
    merged = merge([("a.json", one), ("b.json", one)])

    assert (merged.run, merged.targets) == (one.run, one.targets)
    assert merged.notes == ("b.json is the same run as a.json: it counts once",)


def test_shards_from_machines_with_names_of_their_own_are_one_run() -> None:
    inputs = [
        (name, replace(one, run=replace(one.run, vantage=f"runner-{index}")))
        for index, (name, one) in enumerate(shards(3))
    ]
    merged = merge(inputs)

    assert sorted_targets(merged) == sorted(OUTAGE, key=lambda one: one.name)
    assert (merged.run.vantage, merged.run.complete) == ("runner-0+runner-1+runner-2", True)
    assert "taken as one run" in merged.notes[0]
    assert merge(inputs, vantage="ci").run.vantage == "ci"


@pytest.mark.parametrize(
    ("inputs", "words"),
    [
        ([("a", seen("p")), ("b", seen("p", id="q"))], "a and b are two runs from vantage p"),
        ([("a", seen("p")), shards(2, "p")[1]], "are a whole run and shard 2/2"),
        ([shards(2, "p")[0], shards(3, "p")[1]], "are shard 1/2 and shard 2/3"),
        (
            [shards(2, "p")[0], shards(2, "p", config_sha256="cd")[1]],
            r"p-1.json and p-2.json are shards of different target files \(config_sha256 ab and cd",
        ),
        ([("a", seen("p", shard="4/3"))], "a: run.shard '4/3' is no part of a whole, like 1/3"),
        ([("a", seen("p", shard="x"))], "a: run.shard 'x' is no part"),
        ([("a", seen("p", started_at="noon"))], "a: 'noon' is no time"),
        ([("a", seen("p", replace(OUTAGE[0], since="x")))], "a: 'x' is no time"),
    ],
)
def test_what_is_not_of_one_round_is_refused(inputs: Inputs, words: str) -> None:
    with pytest.raises(MergeError, match=words):
        merge(inputs)


def test_every_mistake_is_told_at_once() -> None:
    with pytest.raises(MergeError) as caught:
        merge([("a", seen("p", shard="x")), ("b", seen("q", shard="y"))])

    assert len(str(caught.value).splitlines()) == 2


def test_more_than_there_are_vantages_is_no_quorum() -> None:
    with pytest.raises(MergeError, match=r"--quorum 3 is more than .* 2 \(lyon-1, paris-1\)"):
        merge([("a", seen("paris-1")), ("b", seen("lyon-1"))], quorum=3)


API = result("api", "down", "http.error", "503")
API_UP = result("api")


def test_vantages_agree_target_by_target() -> None:
    extra = result("extra")
    merged = merge(
        [
            ("p", seen("paris-1", API)),
            ("o", seen("oslo-1", API_UP, extra)),
            ("l", seen("lyon-1", API)),
        ]
    )

    assert [(one.name, one.state) for one in merged.targets] == [("api", "down"), ("extra", "up")]
    assert merged.targets[0].detail == (
        "down from 2 of 3 vantages: lyon-1, paris-1 (http.error: 503); up from oslo-1"
    )
    assert merged.evidence[0].detail == "503"
    assert merged.run.vantage == "lyon-1+oslo-1+paris-1"
    assert merged.run.complete


def test_a_vantage_whose_controls_all_fail_has_no_vote() -> None:
    blind = seen("paris-1", API, notice="The control fails.")
    blind = replace(blind, controls=(result("control", "down", "tcp.timed_out"),))
    fine = replace(seen("oslo-1", API_UP), controls=(result("control"),))
    merged = merge([("p", blind), ("o", fine), ("l", seen("lyon-1", API_UP))], quorum=1)

    assert merged.targets[0].state == "unknown"
    merged = merge([("p", blind), ("o", fine)])
    assert merged.targets[0].state == "up"
    assert merged.run.notice == "paris-1: The control fails."
    assert [one.state for one in merged.controls] == ["up"]


def test_a_blind_shard_has_no_vote_and_the_others_of_its_vantage_do() -> None:
    (one, first), (two, second) = shards(2)
    first = replace(first, controls=(result("control", "down", "tcp.timed_out"),))
    second = replace(second, controls=(result("control"),))
    merged = merge([(one, first), (two, second), ("o", seen("oslo-1", *OUTAGE))])
    details = {one.name: one.detail or "" for one in merged.targets}

    assert "no vote: all its controls fail" in details[first.targets[0].name]
    assert not any("no vote" in details[one.name] for one in second.targets)


def test_a_vantage_with_a_missing_shard_cannot_tell_of_its_targets() -> None:
    first, second = shards(2, "lyon-1")
    merged = merge([first, ("p", seen("paris-1"))], quorum=2)
    states = {one.name: one.state for one in merged.targets}

    assert {states[one.name] for one in second[1].targets if one.state == "down"} == {"unknown"}
    assert {states[one.name] for one in first[1].targets if one.state == "down"} == {"down"}


def test_what_began_too_long_before_the_newest_is_left_out() -> None:
    old = seen("lyon-1", API, result("gone"), started_at="2025-12-21T06:10:00.000Z")
    inputs = [("l", old), ("p", seen("paris-1", API)), ("o", seen("oslo-1", API_UP))]

    assert merge(inputs, quorum=2).targets[0].state == "down"
    assert merge(inputs, quorum=2, max_age_s=90_000).targets[0].state == "down"
    merged = merge(inputs, quorum=2, max_age_s=600)
    assert [(one.name, one.state) for one in merged.targets] == [("api", "unknown")]
    assert merged.problems == (
        "l is too old and left out: lyon-1 began at 2025-12-21T06:10:00.000Z",
    )
    assert (merged.run.complete, merged.codes) == (False, (3,))
    assert merged.run.started_at == "2025-12-22T06:10:00.000Z"


def test_what_was_merged_can_be_merged_again() -> None:
    site = merge(shards(2, "lyon-1"))
    lyon = replace(snapshot(site.targets), run=site.run)
    merged = merge([("l", lyon), ("p", seen("paris-1"))])

    assert merged.run.vantage == "lyon-1+paris-1"
    assert {one.state for one in merged.targets} == {one.state for one in OUTAGE}

import tracemalloc

import pytest
from msgspec import json

from output.samples import result
from probecli.model.result import Timings
from probecli.model.target import Target
from probecli.output.watch.board import (
    KEPT_CHANGES,
    KEPT_LATENCIES,
    Board,
    Change,
    change_document,
    change_words,
)
from probecli.output.watch.spark import sparkline

AT = [f"2025-12-22T06:{minute:02d}:00.000Z" for minute in range(60)]


def board(*names: str) -> Board:
    return Board(Target(name=name, url=f"http://{name}/") for name in names or ("shop",))


def down(cause: str = "http.error", **fields: object) -> object:
    return result("shop", "down", cause, **fields)  # type: ignore[arg-type]


def told(one: Board, *results: object) -> list[Change | None]:
    return [one.add(it, at) for it, at in zip(results, AT, strict=False)]  # type: ignore[arg-type]


def test_the_first_result_is_a_change_when_it_is_not_up_and_no_entry_of_the_log() -> None:
    assert told(board(), result("shop")) == [None]
    fresh = board()
    (change,) = told(fresh, down())

    assert change is not None
    assert change.before is None
    assert not fresh.changes


def test_a_change_is_another_state_or_another_cause() -> None:
    one = board()
    changes = told(
        one, result("shop"), down(), down(), down("tcp.reset"), result("shop"), result("shop")
    )

    assert [change is not None for change in changes] == [False, True, False, True, True, False]
    assert [change.of_state for change in one.changes] == [True, False, True]
    assert one.changed == 3


def test_since_is_when_the_state_began_and_not_its_cause() -> None:
    one = board()
    told(one, result("shop"), down(), down("tcp.reset"), down("tcp.reset"))
    row = one.rows["shop"]

    assert (row.since, row.from_start) == (AT[1], False)


def test_what_was_so_from_the_start_may_have_begun_before() -> None:
    one = board()
    told(one, down(), down())

    assert (one.rows["shop"].since, one.rows["shop"].from_start) == (AT[0], True)


def test_the_history_knows_better_since_when() -> None:
    one = board()
    before = "2025-12-22T05:00:00.000Z"
    told(one, down(since=before, last_ok="2025-12-22T04:55:00.000Z"))

    assert (one.rows["shop"].since, one.rows["shop"].from_start) == (before, False)


def test_an_interrupted_result_says_nothing() -> None:
    one = board()
    changes = told(one, result("shop"), result("shop", "unknown", "local.interrupted"))

    assert changes == [None, None]
    assert one.rows["shop"].state == "up"
    assert one.probes == 1


def test_a_failure_is_a_gap_among_the_latencies_and_a_degraded_answer_is_none() -> None:
    one = board()
    told(one, result("shop", ms=10.0), down(ms=900.0), result("shop", "degraded", "expect.latency"))

    assert list(one.rows["shop"].latencies) == [10.0, None, 115.8]


def test_a_change_is_told_in_one_harmless_line() -> None:
    one = board()
    told(one, result("shop"), down(detail="\x1b[2Jgone\n::error::x"))
    (change,) = one.changes

    assert change_words(change).startswith("shop: up -> down, http.error: \\x1b[2Jgone")
    assert "\x1b" not in change_words(change)


def test_the_document_of_a_change_holds_the_whole_result() -> None:
    one = board()
    told(one, result("shop"), down(group="la-poste"))
    document = json.decode(json.encode(change_document(one.changes[0], "paris-1")))

    assert document["type"] == "change"
    assert (document["from"], document["to"]) == ("up", "down")
    assert document["at"] == AT[1]
    assert (document["name"], document["group"], document["cause"]) == (
        "shop",
        "la-poste",
        "http.error",
    )
    assert document["vantage"] == "paris-1"
    assert document["result"]["timings_ms"]["total"] == 115.8


def test_memory_is_flat_over_many_probes() -> None:
    """20,000 probes that change state each time; what is held after the first 4,000 is all."""
    names = [f"shop-{number}" for number in range(20)]
    one = board(*names)

    def rounds(count: int) -> None:
        for number in range(count):
            for name in names:
                ms = float(number % 97 + 1)
                up = number % 2 == 0
                one.add(
                    result(name, ms=ms) if up else result(name, "down", "http.error", f"no {ms}"),
                    f"2025-12-22T06:00:{number % 60:02d}.{number % 1000:03d}Z",
                )

    tracemalloc.start()
    try:
        rounds(200)
        before, _ = tracemalloc.get_traced_memory()
        rounds(800)
        after, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert one.probes == 20_000
    assert len(one.changes) == KEPT_CHANGES
    assert all(len(row.latencies) == KEPT_LATENCIES for row in one.rows.values())
    assert after - before < 200_000


@pytest.mark.parametrize(
    ("latencies", "width", "shown"),
    [
        ([], 4, "    "),
        ([10.0, 10.0], 4, "  ██"),
        ([10.0, None, 5.0], 3, "█·▅"),
        ([100.0, 101.0, 99.0], 3, "███"),
        ([1.0, 50.0, 100.0], 2, "▅█"),
        ([0.0, 0.0], 2, "▁▁"),
        ([None, None], 2, "··"),
        ([1.0], 0, ""),
    ],
)
def test_bars_are_the_share_of_the_slowest_and_failures_are_gaps(
    latencies: list[float | None], width: int, shown: str
) -> None:
    assert sparkline(latencies, width) == shown


def test_bars_are_ascii_where_they_must_be() -> None:
    assert sparkline([1.0, None, 100.0], 4, unicode=False) == " _ #"


def test_a_target_without_a_total_shows_how_long_its_probe_took() -> None:
    one = board()
    told(one, result("shop", timings_ms=Timings(), ms=33.0))

    assert list(one.rows["shop"].latencies) == [33.0]

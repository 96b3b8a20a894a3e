from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len

from output.samples import result
from output.watch.test_controls import AT, BOARD
from probecli.model.snapshot import GateVerdict
from probecli.model.target import Target
from probecli.output.cells import Line
from probecli.output.watch.board import Board
from probecli.output.watch.columns import since_words
from probecli.output.watch.controls import View
from probecli.output.watch.view import Moment, frame, help_page

NOW = datetime(2025, 12, 22, 6, 10, 12, tzinfo=UTC)
MOMENT = Moment(now=NOW, vantage="paris-1", every="30 s", left_s=17.2)


def texts(lines: list[Line]) -> list[str]:
    return ["".join(part.text for part in line) for line in lines]


def shown(size: tuple[int, int], *, view: View = View(), moment: Moment = MOMENT) -> str:  # noqa: B008
    return "\n".join(texts(frame(BOARD, view, moment, size)))


def test_a_frame_says_how_it_goes_and_shows_what_fails_first() -> None:
    lines = shown((80, 24)).splitlines()

    assert lines[0].startswith(" probecli watch · paris-1 · every 30 s · next in 18 s")
    assert lines[0].endswith("06:10:12Z")
    assert lines[1].startswith(" 5 down · 1 unknown · 1 degraded · 2 up · 1 not probed yet")
    assert lines[3].split() == ["STATE", "NAME", "WHY", "LAST", "LATENCY", "SINCE"]
    assert lines[4].startswith(">✗ down ")
    assert lines[-1].startswith(" q quit  p pause  r probe now  s sort: state")


def test_the_selected_target_is_told_in_whole_below() -> None:
    text = shown((80, 24), view=View(selected="banque-postale-portail"))

    assert " banque-postale-portail  ✗ down  https://www.example.org/22\n" in text
    assert "tcp.timed_out: no answer from 203.0.113.20:443 in 3 s, 3 attempts" in text


@pytest.mark.parametrize(
    ("moment", "words"),
    [
        (Moment(now=NOW, vantage="v", every="30 s", probing=True), "probing 9 of 10"),
        (Moment(now=NOW, vantage="v", every="30 s", paused=True), "PAUSED, p goes on"),
        (Moment(now=NOW, vantage="v", every="30 s", left_s=0.2), "next in 1 s"),
        (Moment(now=NOW, vantage="v", every="1 h", left_s=3_599.5), "next in 1 h 00 min"),
        (Moment(now=NOW, vantage="v", every="30 s", skipped=2), "2 left out"),
        (Moment(now=NOW, vantage="v", every="30 s", keys=False), "Ctrl-C ends the watch"),
    ],
)
def test_the_frame_says_what_the_watch_does(moment: Moment, words: str) -> None:
    assert words in shown((80, 24), moment=moment)


def test_a_filter_that_nothing_fits_says_so() -> None:
    assert "no target fits “xyz”" in shown((80, 24), view=View(filter="xyz"))


def test_changes_stand_below_with_the_newest_last() -> None:
    board = Board([Target(name="shop", url="http://shop/")])
    for minute in range(9):
        at = f"2025-12-22T06:0{minute}:00.000Z"
        state = "down" if minute % 2 else "up"
        board.add(result("shop", state, "http.error" if minute % 2 else None), at)
    lines = texts(frame(board, View(), MOMENT, (80, 24)))
    heading = lines.index(" CHANGES")

    assert lines[heading + 1].startswith(" 06:01:00Z  shop  up → down  http.error")
    assert lines[heading + 8].startswith(" 06:08:00Z  shop  down → up")
    low = texts(frame(board, View(), MOMENT, (80, 16)))
    assert any("before these" in line for line in low)
    assert any(line.startswith(" 06:08:00Z  shop") for line in low)


def test_many_rows_scroll_with_the_selection() -> None:
    board = Board(Target(name=f"shop-{n:03d}", url="http://shop/") for n in range(300))
    for name in board.rows:
        board.add(result(name), AT)
    top = "\n".join(texts(frame(board, View(), MOMENT, (80, 24))))
    middle = "\n".join(texts(frame(board, View(selected="shop-150"), MOMENT, (80, 24))))

    assert "shop-000" in top
    assert " below" in top
    assert ">✓ up        shop-150" in middle
    assert " above, " in middle


def test_what_a_server_sends_steers_nothing() -> None:
    board = Board([Target(name="shop", url="http://shop/")])
    board.add(result("shop", "down", "expect.body", "\x1b[2J\x1b]0;x\x07[red]\r\n\u202egone"), AT)
    board.end_round(GateVerdict(False, 1, "\x1b[31m1 down"), 3.0, "\x1b[5m", ["\x1b[1m incident"])
    text = "\n".join(texts(frame(board, View(), MOMENT, (120, 40))))

    assert "\x1b" not in text
    assert "\u202e" not in text
    assert "[red]" in text


@settings(max_examples=120, deadline=None)
@given(
    size=st.tuples(st.integers(1, 200), st.integers(1, 60)),
    selected=st.sampled_from([None, *BOARD.rows]),
    filter=st.sampled_from(["", "banque", "none such"]),
    page=st.booleans(),
    skipped=st.integers(0, 1),
)
def test_a_frame_fits_every_terminal(
    size: tuple[int, int],
    selected: str | None,
    filter: str,  # noqa: A002
    page: bool,
    skipped: int,
) -> None:
    view = View(selected=selected, filter=filter, page=help_page() if page else None)
    moment = Moment(now=NOW, vantage="paris-1", every="30 s", left_s=1.0, skipped=skipped)
    lines = texts(frame(BOARD, view, moment, size))

    assert len(lines) <= size[1]
    assert all(cell_len(line) <= max(size[0] - 1, 1) for line in lines)


@pytest.mark.parametrize(
    ("rfc3339", "words"),
    [
        ("2025-12-22T05:01:02.345Z", "05:01:02Z"),
        ("2025-12-18T07:10:00.000Z", "18 Dec 07:10Z"),
        ("2024-12-18T07:10:00.000Z", "2024-12-18"),
    ],
)
def test_times_are_as_short_as_the_day_allows(rfc3339: str, words: str) -> None:
    assert since_words(rfc3339, NOW) == words


def test_the_group_and_the_cause_show_where_there_is_room() -> None:
    wide = shown((160, 40))

    assert "GROUP" in wide
    assert "http.error: 503 Service Unavailable, expected 200-399" in wide

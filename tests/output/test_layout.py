import msgspec
import pyte
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len

from output.hostile import is_harmless_line, texts
from output.samples import INCIDENT, OUTAGE, many, result, snapshot
from probecli.model.snapshot import Snapshot
from probecli.output.cells import to_text
from probecli.output.interface import Options
from probecli.output.progress import Tally
from probecli.output.table import final_lines, live_lines
from probecli.output.terminal import Terminal


def table(value: Snapshot, width: int = 79, **options: bool) -> list[str]:
    lines = final_lines(value, width, Options(**options))
    return [to_text(line, Terminal()) for line in lines]


@settings(max_examples=40, deadline=None)
@given(texts, texts, texts, st.integers(20, 200), st.booleans())
def test_hostile_text_neither_steers_nor_widens_the_table(
    name: str, detail: str, group: str, width: int, verbose: bool
) -> None:
    one = result(name, "down", "http.error", detail, group=group)
    incident = msgspec.structs.replace(INCIDENT, targets=(name,))
    value = msgspec.structs.replace(snapshot((one, *OUTAGE), notice=detail), incidents=(incident,))
    lines = table(value, width, verbose=verbose)

    assert all(map(is_harmless_line, lines))
    assert all(cell_len(line) <= width for line in lines)


@pytest.mark.parametrize(
    "name",
    [
        "日本語のとても長い名前のターゲットです",
        "👨\u200d👩\u200d👧 ❤\ufe0f 👍🏽 1\ufe0f\u20e3 🇫🇷",
        "e" + "\u0301" * 30,
        "https://www.example.org/" + "x" * 200,
        "tab\tand\x1b[31m",
    ],
)
def test_columns_stay_in_line_on_a_real_terminal_whatever_the_name(name: str) -> None:
    screen = pyte.Screen(100, 24)
    value = snapshot((result(name, "down", "tcp.refused"), *OUTAGE[:2]))
    pyte.Stream(screen).feed("\r\n".join(table(value, 99)))
    rows = [[screen.buffer[y][x].data for x in range(100)] for y in range(24)]
    ends = [max(x for x in range(100) if row[x].strip()) for row in rows if row[1] == "✗"]

    assert len(ends) == 3
    assert len(set(ends)) == 1


def test_a_cause_is_always_seen_with_its_words() -> None:
    text = "\n".join(table(snapshot([result("x", "down", "tcp.refused")])))

    assert "tcp.refused: connection refused" in text


@pytest.mark.parametrize(
    ("width", "titles"),
    [
        (30, "STATE NAME"),
        (49, "STATE NAME WHY"),
        (79, "STATE NAME WHY TIME"),
        (119, "STATE NAME WHY HTTP TRIES SLOWEST TIME"),
        (180, "STATE NAME WHY HTTP TRIES SLOWEST ADDRESS TIME"),
    ],
)
def test_columns_adapt_to_the_width(width: int, titles: str) -> None:
    assert " ".join(table(snapshot(), width)[0].split()) == titles


def test_since_shows_where_it_is_known() -> None:
    since = msgspec.structs.replace(OUTAGE[0], since="2025-12-22T06:10:00.000Z")
    lines = table(snapshot((since,)), 119)

    assert "SINCE" in lines[0]
    assert "2025-12-22 06:10Z" in lines[2]


def test_what_is_not_gated_says_so() -> None:
    assert any("(not gated)" in line for line in table(snapshot([result("x", gated=False)])))


def test_the_notice_stands_on_top_and_incidents_before_the_verdict() -> None:
    value = msgspec.structs.replace(
        snapshot(notice="Your own network seems down."), incidents=(INCIDENT,) * 7
    )
    lines = table(value)

    assert lines[0] == " ! Your own network seems down."
    assert sum(line.startswith(" Incident: 3 targets of la-poste") for line in lines) == 5
    assert " and 2 more incidents" in lines
    assert lines[-1] == " Gate failed: 5 down, 0 allowed (exit code 1)"


def test_quiet_leaves_failures_and_the_verdict_and_verbose_shows_attempts() -> None:
    quiet = "\n".join(table(snapshot(), quiet=True))
    verbose = "\n".join(table(snapshot(), 119, verbose=True))

    assert "wero" not in quiet
    assert "paiement" not in quiet
    assert "5 down" in quiet
    assert "attempt 1 down | 116 ms" in verbose
    assert verbose.count("attempt ") >= 10


def test_a_run_of_nothing_says_so() -> None:
    assert table(snapshot([])) == [
        " nothing probed  0 targets in 9.5 s from paris-1",
        " Gate passed: 0 down, 0 allowed",
    ]


@pytest.mark.parametrize("size", [(80, 24), (120, 50), (40, 8), (20, 3), (10, 1)])
@pytest.mark.parametrize("done", [0, 1, 40, 5_000])
def test_a_frame_is_narrower_and_lower_than_the_terminal(size: tuple[int, int], done: int) -> None:
    results = many(done, failing=done // 2)
    tally = Tally(lambda: 0.0)
    tally.begin(5_000)
    tally.count(results)
    lines = live_lines(results[-400:], tally, size)

    assert 1 <= len(lines) <= max(size[1] - 1, 1)
    assert all(cell_len(to_text(line, Terminal())) < size[0] for line in lines)
    assert f"{done:,} of 5,000"[: size[0] - 6] in to_text(lines[-1], Terminal())


def test_a_frame_says_how_many_failures_it_does_not_show() -> None:
    results = many(1_000, failing=300, groups=1)
    tally = Tally(lambda: 0.0)
    tally.begin(1_000)
    tally.count(results)
    texts_ = [to_text(line, Terminal()) for line in live_lines(results[-200:], tally, (80, 24))]
    rows = sum("✗ down      shop" in line for line in texts_)
    summed = sum(int(line.split()[2]) for line in texts_ if " more with " in line)
    (hidden,) = (line for line in texts_ if "more not up" in line)

    assert rows + summed + int(hidden.split()[1]) == 300

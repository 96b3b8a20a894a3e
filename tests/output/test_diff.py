import io
import json

import pytest
from hypothesis import given, settings
from markdown_it import MarkdownIt
from msgspec.structs import replace

from output.hostile import is_harmless_line, runs_a_command, texts
from output.samples import OUTAGE, result, snapshot, timings
from probecli.model.result import Server, TlsFacts
from probecli.output.diff import FORMATS, change_words, verdict_words
from probecli.output.interface import Options
from probecli.output.stream import Stream
from probecli.verdict.comparison import Comparison, compare

BEFORE = [replace(one, state="up", cause=None, detail=None) for one in OUTAGE]
OUTBREAK = compare(snapshot(BEFORE), snapshot())


def shown(name: str, comparison: Comparison, width: int = 80, *, color: bool = False) -> str:
    env = {"FORCE_COLOR": "1"} if color else {}
    stream = Stream(io.StringIO(), name="out", env=env, options=Options(width=width))
    return FORMATS[name](comparison, stream).decode()


def test_the_table_groups_by_kind_with_the_worst_first_and_a_verdict_last() -> None:
    text = shown("table", OUTBREAK)

    assert text.startswith("Newly down (5)\n  laposte-www             up -> down, http.error: 503")
    titles = [line for line in text.splitlines() if line.endswith(")") and line[0] != " "]
    assert titles == ["Newly down (5)", "Newly unknown (1)", "Newly degraded (1)"]
    assert text.splitlines()[-1] == "Worse: 5 newly down, 1 newly unknown, 1 newly degraded"


@pytest.mark.parametrize("width", [20, 40, 80, 200])
def test_no_line_of_the_table_is_wider_than_it_may_be(width: int) -> None:
    assert max(map(len, shown("table", OUTBREAK, width).splitlines())) <= width


def test_the_table_has_colours_only_where_they_are_allowed() -> None:
    assert "\x1b[" in shown("table", OUTBREAK, color=True)
    assert "\x1b[" not in shown("table", OUTBREAK)


CHANGES = [
    (
        {"timings_ms": timings(100.0)},
        {"timings_ms": timings(640.0)},
        "total 100 ms -> 640 ms, 6.4x; wait 72 ms -> 612 ms, 8.5x",
    ),
    (
        {"tls": TlsFacts(issuer="CN=R3", not_after="2026-01-01T00:00:00.000Z")},
        {"tls": TlsFacts(issuer="CN=R11", not_after="2026-04-01T00:00:00.000Z")},
        "issuer CN=R3 -> CN=R11; expires 2026-01-01 00:00Z -> 2026-04-01 00:00Z",
    ),
    (
        {"server": Server("a", "192.0.2.1", 443, "ipv4")},
        {"server": Server("a", "192.0.2.2", 443, "ipv4")},
        "192.0.2.1 -> 192.0.2.2",
    ),
    (
        {"state": "down", "cause": "tcp.refused"},
        {"state": "down", "cause": "http.error"},
        "tcp.refused -> down, http.error: error status",
    ),
    ({"state": "down", "cause": "tcp.refused"}, {}, "down tcp.refused -> up"),
    (
        {},
        {"state": "down", "cause": "tcp.reset", "gated": False},
        "up -> down, tcp.reset: connection reset by the peer (not gated)",
    ),
]


@pytest.mark.parametrize(("before", "after", "words"), CHANGES)
def test_a_change_says_what_was_and_what_is(before: dict, after: dict, words: str) -> None:
    (change,) = compare(snapshot([result("a", **before)]), snapshot([result("a", **after)])).changes

    assert change_words(change) == words


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ([result("a")], [result("a")], "Nothing changed on 1 target"),
        ([], [result("a")], "Nothing got worse: 1 added"),
        ([result("a")], [result("a", "down")], "Worse: 1 newly down"),
    ],
)
def test_the_verdict_is_one_sentence(old: list, new: list, words: str) -> None:
    assert verdict_words(compare(snapshot(old), snapshot(new))) == words


def test_a_run_that_was_cut_short_is_named() -> None:
    comparison = compare(snapshot(BEFORE), snapshot(BEFORE, complete=False))

    assert "the new run was cut short" in shown("table", comparison, 200)
    assert "the new run was cut short" in shown("markdown", comparison)


def test_json_has_both_sides_of_every_change() -> None:
    document = json.loads(shown("json", OUTBREAK))

    assert (document["schema_version"], document["worse"]) == (1, True)
    assert document["new"]["id"] == "r-1"
    assert (document["old_summary"]["up"], document["new_summary"]["down"]) == (9, 5)
    first = document["changes"][0]
    assert (first["change"], first["worse"], first["name"]) == ("newly_down", True, "laposte-www")
    assert first["before"] == {"state": "up", "cause": None, "detail": None}
    assert first["after"]["cause"] == "http.error"


def rows(text: str) -> int:
    tokens = MarkdownIt("commonmark").enable("table").parse(text)
    return sum(token.type == "tr_open" for token in tokens) - 1


def test_markdown_is_a_heading_and_a_table_for_a_pull_request() -> None:
    text = shown("markdown", OUTBREAK)

    assert text.startswith("### ❌ probecli: Worse: 5 newly down, 1 newly unknown, 1 newly")
    assert rows(text) == 7


def test_markdown_fits_into_a_comment() -> None:
    new = [result(f"{index}" + "<" * 300, "down", "http.error", "<" * 390) for index in range(500)]
    old = [replace(one, state="up") for one in new]
    text = shown("markdown", compare(snapshot(old), snapshot(new)))

    assert len(text) < 65_536
    assert f"… and {500 - rows(text):,} more changes" in text


@settings(max_examples=60)
@given(texts, texts, texts)
def test_hostile_text_steers_no_output(name: str, detail: str, issuer: str) -> None:
    old = result(name, tls=TlsFacts(issuer="x"))
    new = result(name, "down", "http.error", detail, group=name, tls=TlsFacts(issuer=issuer))
    value = compare(snapshot([old]), snapshot([new]))

    for line in shown("table", value).splitlines():
        assert is_harmless_line(line)
    assert not any(map(runs_a_command, shown("json", value).split("\n")))
    page = shown("markdown", value)
    assert all(is_harmless_line(line) for line in page.rstrip("\n").split("\n"))
    assert rows(page) == len(value.changes)

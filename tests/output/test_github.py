import io
import os
from pathlib import Path
from urllib.parse import unquote

import pytest
from hypothesis import given, settings
from markdown_it import MarkdownIt
from msgspec.structs import replace

from output.hostile import runs_a_command, texts
from output.samples import INCIDENT, NOW, OUTAGE, RUN, many, result, snapshot
from probecli.model.snapshot import GateVerdict, Snapshot
from probecli.output.github import PER_LEVEL, SUMMARY_BYTES, annotations, step_summary
from probecli.output.sinks import open_sinks
from probecli.text import one_line


def runner(line: str) -> tuple[str, dict[str, str], str]:
    """A workflow command as GitHub's runner reads it: name, properties, data."""
    assert line.startswith("::")
    assert "\n" not in line
    assert "\r" not in line
    info, separator, data = line[2:].partition("::")
    assert separator
    name, _, listed = info.partition(" ")
    properties = dict(one.split("=", 1) for one in listed.split(",") if one)
    return name, {key: unquote(value) for key, value in properties.items()}, unquote(data)


def play(specs: list[str], env: dict[str, str], value: Snapshot | None = None) -> tuple[str, str]:
    """Standard output and standard error of a run."""
    stdout, stderr = io.StringIO(), io.StringIO()
    with open_sinks(specs, stdout=stdout, stderr=stderr, env=env, run=RUN, now=NOW) as sinks:
        value = value or snapshot()
        sinks.begin(RUN, len(value.targets))
        for one in value.targets:
            sinks.add(one)
        sinks.end(value)
    return stdout.getvalue(), stderr.getvalue()


def test_annotations_come_worst_first_with_a_level_a_title_and_a_reason() -> None:
    read = [runner(line) for line in annotations(snapshot())]

    assert [name for name, _, _ in read] == ["error"] * 5 + ["warning"] * 2
    assert read[0][1] == {"title": "laposte-www is down"}
    assert read[0][2] == (
        "http.error: 503 Service Unavailable, expected 200-399 https://www.example.org/11"
    )
    assert read[5][1] == {"title": "banque-postale-mobile is unknown"}


@pytest.mark.parametrize(
    ("state", "gated", "fail_on", "level"),
    [
        ("down", True, "down", "error"),
        ("degraded", True, "down", "warning"),
        ("degraded", True, "degraded", "error"),
        ("unknown", True, "down", "warning"),
        ("down", False, "down", "notice"),
        ("degraded", False, "degraded", "notice"),
    ],
)
def test_the_level_is_what_the_gate_makes_of_the_state(
    state: str, gated: bool, fail_on: str, level: str
) -> None:
    value = snapshot([result("a", state, "http.error", gated=gated)])
    value = replace(value, gate=GateVerdict(False, 1, "", fail_on))

    assert [runner(line)[0] for line in annotations(value)] == [level]


@pytest.mark.parametrize(("failing", "shown", "rest"), [(10, 10, None), (11, 9, "2 more")])
def test_no_more_annotations_of_a_level_than_github_shows(
    failing: int, shown: int, rest: str | None
) -> None:
    read = [runner(line) for line in annotations(snapshot(many(50, failing=failing)))]

    assert len(read) == PER_LEVEL
    assert sum("is down" in properties["title"] for _, properties, _ in read) == shown
    assert (read[-1][1]["title"] == rest) is (rest is not None)


@settings(max_examples=100)
@given(texts, texts)
def test_hostile_text_stays_in_its_annotation(name: str, detail: str) -> None:
    value = snapshot([result(name, "down", "http.error", detail)], notice=detail)
    for line in annotations(value):
        command, properties, data = runner(line)
        assert command in ("error", "notice")
        assert properties.keys() == {"title"}
        assert not runs_a_command(properties["title"])
        assert not runs_a_command(data)
        assert data.isprintable()


def test_percent_signs_and_separators_come_through() -> None:
    value = snapshot([result("100%25, a: b=c", "down", "http.error", "50%0A off")])
    ((_, properties, data),) = [runner(line) for line in annotations(value)]

    assert properties["title"] == "100%25, a: b=c is down"
    assert "50%0A off" in data


def summary(value: Snapshot, **options: int) -> str:
    return step_summary(value, **options).decode()


def rows(text: str) -> list[str]:
    """The rows of the tables in a Markdown text."""
    tokens = MarkdownIt("commonmark").enable("table").parse(text)
    return [token.type for token in tokens if token.type == "tr_open"][1:]


def test_the_step_summary_says_the_verdict_and_shows_what_is_not_up() -> None:
    text = summary(replace(snapshot(), incidents=(INCIDENT,)))

    assert text.startswith("### ❌ Gate failed: 5 down, 0 allowed (exit code 1)\n")
    assert "5 down, 1 unknown, 1 degraded of 9; 9 targets in 9.5 s from paris-1" in text
    assert "Incident: 3 targets of la-poste are down" in text
    assert len(rows(text)) == 8
    assert "flaky: up at attempt 2" in text
    assert "carte-paiement" not in text


def test_a_run_with_everything_up_needs_no_table() -> None:
    text = summary(snapshot([OUTAGE[-2]]))

    assert text.startswith("### ✅ Gate passed")
    assert "|" not in text


def test_the_step_summary_fits_where_github_puts_it() -> None:
    value = snapshot(
        [result(f"{index}" + "<" * 150, "down", "http.error", "<" * 390) for index in range(700)]
    )
    text = summary(value)

    assert len(text.encode()) <= SUMMARY_BYTES
    assert f"… and {700 - len(rows(text)):,} more targets" in text
    assert summary(value, room_bytes=50) == ""
    assert 0 < len(step_summary(value, room_bytes=5_000)) <= 5_000


@settings(max_examples=60)
@given(texts, texts)
def test_hostile_text_makes_no_row_and_no_markup_in_the_summary(name: str, detail: str) -> None:
    value = snapshot([result(name, "down", "http.error", detail, group=name)], notice=detail)
    text = summary(value)

    assert len(rows(text)) == 1
    html = MarkdownIt("commonmark").enable("table").render(text)
    assert html.count("<a ") == html.count("<img") == html.count("<script") == 0


def test_the_summary_is_appended_to_the_file_of_the_step(tmp_path: Path) -> None:
    path = tmp_path / "summary.md"
    path.write_text("before\n")
    stdout, _ = play(["github"], {"GITHUB_STEP_SUMMARY": str(path)})

    assert path.read_text().startswith("before\n### ❌ Gate failed")
    assert stdout.count("::error ") == 5


def test_a_full_summary_file_stays_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "summary.md"
    path.write_bytes(b"x" * SUMMARY_BYTES)
    play(["github"], {"GITHUB_STEP_SUMMARY": str(path)})

    assert path.stat().st_size == SUMMARY_BYTES


def test_a_summary_that_cannot_be_written_is_a_warning_and_no_failure(tmp_path: Path) -> None:
    stdout, _ = play(["github"], {"GITHUB_STEP_SUMMARY": str(tmp_path / "no" / "such")})

    name, properties, data = runner(stdout.splitlines()[-1])
    assert (name, properties["title"]) == ("warning", "probecli: no step summary")
    assert "No such file or directory" in data


ACTIONS = {"GITHUB_ACTIONS": "true", "CI": "true"}


@pytest.mark.parametrize("spec", [None, "json", "plain", "junit={}/x.xml"])
def test_in_github_actions_annotations_come_by_themselves_on_standard_error(
    tmp_path: Path, spec: str | None
) -> None:
    stdout, stderr = play([spec.format(tmp_path)] if spec else [], ACTIONS)

    assert stderr.count("::error ") == 5
    assert "::error " not in stdout
    assert stdout.startswith({None: "DOWN", "json": "{", "plain": "DOWN"}.get(spec, ""))


def test_annotations_that_were_asked_for_come_once(tmp_path: Path) -> None:
    stdout, stderr = play(["github"], ACTIONS)

    assert (stdout.count("::error "), stderr) == (5, "")


@pytest.mark.parametrize("env", [{}, {"CI": "true"}, {"GITHUB_ACTIONS": "false"}])
def test_elsewhere_nothing_is_annotated(env: dict[str, str]) -> None:
    assert play([], env)[1] == ""


def test_printing_is_cut_not_broken() -> None:
    value = snapshot([result("n" * 5_000, "down", "http.error", "%" * 5_000)])
    ((_, properties, data),) = [runner(line) for line in annotations(value)]

    assert len(properties["title"]) == 200
    assert len(data) == 400
    assert one_line(data) == data
    assert os.linesep not in data

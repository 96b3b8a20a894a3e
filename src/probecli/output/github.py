"""Results as annotations of a GitHub Actions workflow, and a summary of the step in Markdown."""

import os
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Literal

from probecli.model.result import Result
from probecli.model.snapshot import GateVerdict, Snapshot
from probecli.output.ci import cause_and_words, counts_words, is_failure, worst_first
from probecli.output.document import Document
from probecli.output.interface import Context, Destination, Output
from probecli.output.markdown import code, inert, table
from probecli.output.words import (
    duration,
    gate_words,
    incident_words,
    moment,
    plural,
    run_words,
    told_incidents,
)
from probecli.text import harmless

Level = Literal["error", "warning", "notice"]

# GitHub keeps so many annotations of a level from one step and drops the rest without a word.
PER_LEVEL = 10
# ... and fails to upload a step's summary that is larger.
SUMMARY_BYTES = 1024 * 1024
SUMMARY_ROWS = 1_000
_TITLES = ("State", "Target", "Group", "Why", "HTTP", "Time", "Since")
_SUMMARY = "GITHUB_STEP_SUMMARY"
_DETAIL = 400
_NAME = 200
_NAMED = 20


def _data(text: str) -> str:
    """`text` after the `::` of a command, by the rules of the runner's toolkit."""
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    """`text` as the value of a command's property."""
    return _data(text).replace(":", "%3A").replace(",", "%2C")


def annotation(level: Level, title: str, message: str) -> str:
    """One workflow command, a line without its end; both texts are made harmless."""
    return (
        f"::{level} title={_property(harmless(title, _NAME))}::{_data(harmless(message, _DETAIL))}"
    )


def level_of(result: Result, gate: GateVerdict) -> Level:
    """Errors are what counts as failed, notices what is not gated, warnings the rest."""
    if not result.gated:
        return "notice"
    return "error" if is_failure(result, gate) else "warning"


def _message(result: Result) -> str:
    since = f"; since {moment(result.since)}" if result.since else ""
    aside = "" if result.gated else " (not gated)"
    return f"{cause_and_words(result)}{since}{aside} {result.url}"


def _title(result: Result) -> str:
    return f"{result.name} is {result.state}"


def annotations(snapshot: Snapshot) -> Iterator[str]:
    """The workflow commands of a run, worst first, no more of a level than GitHub shows."""
    numbers: Counter[Level] = Counter()
    first: dict[Level, list[Result]] = {}
    for result in worst_first(snapshot.targets):
        level = level_of(result, snapshot.gate)
        numbers[level] += 1
        if numbers[level] <= PER_LEVEL + _NAMED:
            first.setdefault(level, []).append(result)
    for level, results in first.items():
        shown = PER_LEVEL if numbers[level] <= PER_LEVEL else PER_LEVEL - 1
        for result in results[:shown]:
            yield annotation(level, _title(result), _message(result))
        if (rest := numbers[level] - shown) > 0:
            yield annotation(level, f"{rest:,} more", _rest_words(results[shown:], rest))
    if snapshot.run.notice:
        yield annotation("notice", "probecli", snapshot.run.notice)


def _rest_words(first: Sequence[Result], number: int) -> str:
    names = ", ".join(result.name for result in first[:_NAMED])
    more = f" and {number - _NAMED:,} more" if number > _NAMED else ""
    return f"also not up: {names}{more}"


def _heading(snapshot: Snapshot) -> Iterator[str]:
    sign = "✅" if snapshot.gate.exit_code == 0 else "❔" if snapshot.gate.exit_code == 3 else "❌"
    yield f"### {sign} {inert(gate_words(snapshot.gate))}"
    yield ""
    run = run_words(snapshot.summary, snapshot.run)
    yield f"{inert(counts_words(snapshot))}; {inert(run)}"
    if snapshot.run.notice:
        yield ""
        yield f"**{inert(snapshot.run.notice)}**"
    for incident in told_incidents(snapshot)[:10]:
        yield ""
        yield f"- {inert(incident_words(incident), _DETAIL)}"
    yield ""


def _row(result: Result) -> tuple[str, ...]:
    status = result.http.status if result.http else None
    return (
        f"**{result.state}**" if result.gated else f"{result.state}, not gated",
        code(result.name, _NAME),
        code(result.group or "", _NAME),
        code(cause_and_words(result), _DETAIL),
        str(status or ""),
        inert(duration(result.duration_ms)),
        inert(moment(result.since)) if result.since else "",
    )


def step_summary(snapshot: Snapshot, room_bytes: int = SUMMARY_BYTES) -> bytes:
    """The run in Markdown: the gate's verdict, and a table of what is not up, worst first.

    At most `room_bytes`; the rows that do not fit are counted. Empty where not even the head fits.
    """
    failing = worst_first(snapshot.targets)
    shown = [*failing[:SUMMARY_ROWS]]
    total = len(failing)
    for result in snapshot.targets:
        if result.flaky and result.state == "up":
            total += 1
            if len(shown) < SUMMARY_ROWS:
                shown.append(result)
    title, rule, *rows = table(_TITLES, map(_row, shown))
    page = _joined([*_heading(snapshot), *((title, rule) if shown else ())])
    # The count of the rest needs a line of its own.
    room = room_bytes - len(page) - 100
    kept = 0
    for line in map(str.encode, rows):
        room -= len(line) + 1
        if room < 0:
            break
        page += line + b"\n"
        kept += 1
    if rest := total - kept:
        page += _joined(["", f"… and {plural(rest, 'more target')}"])
    page += b"\n"
    return page if len(page) <= room_bytes else b""


def _joined(lines: Sequence[str]) -> bytes:
    return "".join(f"{line}\n" for line in lines).encode()


def append_summary(path: str, snapshot: Snapshot) -> None:
    """Append the step's summary to the file that GitHub gave, within what GitHub takes.

    Raises:
        OSError: it cannot be written.
    """
    fd = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o644)
    with os.fdopen(fd, "ab") as file:
        file.write(step_summary(snapshot, SUMMARY_BYTES - os.fstat(fd).st_size))


def create(destination: Destination, context: Context) -> Output:
    """The `github` output: annotations, and the summary where the environment has a place for it.

    A summary that cannot be written is a warning and no failure: the file is GitHub's own, and
    a container may not see it.
    """

    def render(snapshot: Snapshot) -> Iterator[bytes]:
        for line in annotations(snapshot):
            yield f"{line}\n".encode()
        if path := context.env.get(_SUMMARY):
            try:
                append_summary(path, snapshot)
            except OSError as error:
                words = f"cannot write {path} ({_SUMMARY}): {error.strerror}"
                yield f"{annotation('warning', 'probecli: no step summary', words)}\n".encode()

    return Document(destination, render)

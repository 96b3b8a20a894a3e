"""Results as JUnit XML, for the test report of a CI server: a suite a group, a case a target.

The dialect is that of the Jenkins xUnit plug-in's `junit-10.xsd`, which GitLab, Azure and CircleCI
read too. A case's name never tells its state: CI servers know a case by its name over time.
"""

import re
from collections.abc import Iterable, Iterator
from xml.etree import ElementTree
from xml.etree.ElementTree import Element, SubElement

from probecli.model.result import Result
from probecli.model.snapshot import Run, Snapshot
from probecli.output.ci import cause_and_words, is_failure
from probecli.output.document import Document
from probecli.output.interface import Context, Destination, Output
from probecli.output.words import attempt_words, flaky_words, gate_words, moment, why
from probecli.text import harmless

SUITES = "probecli"
NO_GROUP = "no group"

# XML 1.0 has no place for these, not even as a reference; `harmless` leaves other controls out.
_ILLEGAL = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

_TAGS = {"failed": "failure", "unknown": "error"}


def _text(text: str, limit: int | None = None) -> str:
    """`text` as one line that XML can carry and nothing takes for a command."""
    return _ILLEGAL.sub("\ufffd", harmless(text, limit))


def _seconds(ms: float) -> str:
    return f"{ms / 1000:.3f}"


def _outcome(result: Result, snapshot: Snapshot) -> str:
    if not result.gated:
        return "skipped"
    if is_failure(result, snapshot.gate):
        return "failed"
    return "unknown" if result.state == "unknown" else "passed"


def _remarks(result: Result) -> Iterator[str]:
    """What is worth reading about a target, a line each; nothing for one that is plainly up."""
    if result.state == "up" and not result.flaky:
        return
    if result.state != "up":
        yield f"{result.state}: {cause_and_words(result)}"
    else:
        yield flaky_words(result)
    yield f"url: {result.url}"
    yield from (attempt_words(attempt) for attempt in result.attempts)
    if result.state != "up" and result.since:
        yield f"since {moment(result.since)}"
    if result.state != "up" and result.last_ok:
        yield f"last ok {moment(result.last_ok)}"


def _lines(lines: Iterable[str]) -> str:
    return "\n".join(map(_text, lines))


def _add_case(suite: Element, suite_name: str, result: Result, snapshot: Snapshot) -> str:
    case = SubElement(
        suite,
        "testcase",
        name=_text(result.name),
        classname=suite_name,
        time=_seconds(result.duration_ms),
    )
    outcome = _outcome(result, snapshot)
    remarks = _lines(_remarks(result))
    if outcome in ("failed", "unknown"):
        # GitLab shows the text and not the message, Jenkins both.
        fault = SubElement(
            case,
            _TAGS[outcome],
            type=_text(result.cause or result.state),
            message=_text(why(result) or result.state),
        )
        fault.text = remarks
        return outcome
    if outcome == "skipped":
        SubElement(case, "skipped", message=_text(_why_skipped(result)))
    if remarks:
        SubElement(case, "system-out").text = remarks
    return outcome


def _why_skipped(result: Result) -> str:
    words = "not gated (allow_failure or maintenance)"
    found = f"{result.state} {cause_and_words(result)}".strip()
    return words if result.state == "up" else f"{words}: {found}"


def _suite(name: str, results: list[Result], snapshot: Snapshot) -> tuple[Element, dict[str, int]]:
    run = snapshot.run
    suite = Element("testsuite", name=name, hostname=_text(run.vantage))
    # The schema of Apache Ant, from which the dialects stem, allows no zone and no fraction.
    suite.set("timestamp", min(result.started_at for result in results)[:19])
    properties = SubElement(suite, "properties")
    for key, value in _properties(run, snapshot):
        SubElement(properties, "property", name=key, value=_text(value))
    outcomes = [_add_case(suite, name, result, snapshot) for result in results]
    numbers = {
        "tests": len(outcomes),
        "failures": outcomes.count("failed"),
        "errors": outcomes.count("unknown"),
        "skipped": outcomes.count("skipped"),
    }
    for key, number in numbers.items():
        suite.set(key, str(number))
    suite.set("time", _seconds(sum(result.duration_ms for result in results)))
    return suite, numbers


def _properties(run: Run, snapshot: Snapshot) -> Iterator[tuple[str, str]]:
    yield "probecli.run", run.id
    yield "probecli.vantage", run.vantage
    yield "probecli.version", run.version
    yield "probecli.gate", gate_words(snapshot.gate)
    yield "probecli.complete", "true" if run.complete else "false"
    if run.config_sha256:
        yield "probecli.config_sha256", run.config_sha256
    if run.notice:
        yield "probecli.notice", run.notice


def _by_group(results: Iterable[Result]) -> dict[str, list[Result]]:
    groups: dict[str, list[Result]] = {}
    for result in results:
        groups.setdefault(_text(result.group) if result.group else NO_GROUP, []).append(result)
    return groups


def render(snapshot: Snapshot) -> Iterator[bytes]:
    """The document: suites in the order in which their groups first occur."""
    root = Element("testsuites", name=SUITES)
    totals = dict.fromkeys(("tests", "failures", "errors"), 0)
    for name, results in _by_group(snapshot.targets).items():
        suite, numbers = _suite(name, results, snapshot)
        root.append(suite)
        for key in totals:
            totals[key] += numbers[key]
    for key, number in totals.items():
        root.set(key, str(number))
    root.set("time", _seconds(snapshot.run.duration_ms or 0.0))
    ElementTree.indent(root)
    yield ElementTree.tostring(root, encoding="utf-8", xml_declaration=True) + b"\n"


def create(destination: Destination, context: Context) -> Output:
    """The `junit` output."""
    return Document(destination, render)

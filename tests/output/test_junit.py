import io
from pathlib import Path
from xml.etree import ElementTree

import pytest
import xmlschema
from hypothesis import given, settings
from junitparser import Error, Failure, JUnitXml, Skipped
from msgspec.structs import replace

from output.hostile import is_harmless_line, texts
from output.samples import OUTAGE, many, result, snapshot
from probecli.model.snapshot import GateVerdict, Snapshot
from probecli.output.junit import render

SCHEMA = xmlschema.XMLSchema(Path(__file__).parent / "schemas" / "junit-10.xsd")


def page(value: Snapshot) -> bytes:
    return b"".join(render(value))


def read(value: Snapshot) -> JUnitXml:
    data = page(value)
    SCHEMA.validate(io.BytesIO(data))
    return JUnitXml.fromstring(data)


def cases(value: Snapshot) -> dict[str, object]:
    return {case.name: case for suite in read(value) for case in suite}


def outcome(value: Snapshot, name: str) -> type | None:
    (found,) = [case for suite in read(value) for case in suite if case.name == name]
    return type(found.result[0]) if found.result else None


def test_a_suite_is_a_group_and_a_case_is_a_target() -> None:
    xml = read(snapshot())

    assert [(suite.name, suite.tests) for suite in xml] == [
        ("la-poste", 3),
        ("la-banque-postale", 2),
        ("bpce", 2),
        ("paiement", 2),
    ]
    assert (xml.tests, xml.failures, xml.errors, xml.time) == (9, 5, 1, 9.502)
    first = next(iter(xml))
    assert (first.hostname, first.timestamp, first.time) == (
        "paris-1",
        "2025-12-22T06:10:00",
        1.908,
    )
    assert [case.name for case in first] == ["laposte-www", "colissimo-suivi", "digiposte-api"]
    assert [case.time for case in first] == [0.64, 0.613, 0.655]


@pytest.mark.parametrize(
    ("state", "gated", "fail_on", "expected"),
    [
        ("up", True, "down", None),
        ("down", True, "down", Failure),
        ("down", True, "never", Failure),
        ("degraded", True, "down", None),
        ("degraded", True, "never", None),
        ("degraded", True, "degraded", Failure),
        ("degraded", True, "unknown", Failure),
        ("unknown", True, "down", Error),
        ("unknown", True, "unknown", Error),
        ("up", False, "down", Skipped),
        ("down", False, "down", Skipped),
        ("degraded", False, "degraded", Skipped),
        ("unknown", False, "unknown", Skipped),
    ],
)
def test_the_state_becomes_an_outcome(
    state: str, gated: bool, fail_on: str, expected: type | None
) -> None:
    cause = None if state == "up" else "http.error"
    value = snapshot([result("a", state, cause, "because", gated=gated)])
    value = replace(value, gate=GateVerdict(False, 1, "", fail_on))

    assert outcome(value, "a") is expected
    (suite,) = read(value)
    assert (suite.failures, suite.errors, suite.skipped) == (
        int(expected is Failure),
        int(expected is Error),
        int(expected is Skipped),
    )


def test_a_failure_has_the_cause_for_type_and_the_detail_for_message() -> None:
    (failure,) = cases(snapshot())["laposte-www"].result

    assert failure.type == "http.error"
    assert failure.message == "503 Service Unavailable, expected 200-399"
    assert "url: https://www.example.org/11" in failure.text
    assert "attempt 1 down" in failure.text


def test_names_do_not_change_with_the_state() -> None:
    up = [replace(one, state="up", cause=None, detail=None, flaky=False) for one in OUTAGE]

    assert list(cases(snapshot())) == list(cases(snapshot(up)))


def test_what_is_skipped_says_what_was_measured_all_the_same() -> None:
    value = snapshot([result("a", "down", "tcp.reset", "cut", gated=False)])

    (skipped,) = cases(value)["a"].result
    assert skipped.message == "not gated (allow_failure or maintenance): down tcp.reset: cut"


def test_degraded_and_flaky_targets_pass_with_a_word_in_system_out() -> None:
    by_name = cases(snapshot())

    assert by_name["banque-populaire-api"].system_out.startswith("degraded: expect.latency: took")
    assert by_name["wero"].system_out.startswith("flaky: up at attempt 2 after tcp.reset")
    assert by_name["carte-paiement"].system_out is None


def test_every_suite_says_which_run_it_is_and_why_the_gate_decided() -> None:
    for suite in read(snapshot()):
        said = {one.name: one.value for one in suite.properties()}
        assert said["probecli.run"] == "r-1"
        assert said["probecli.vantage"] == "paris-1"
        assert said["probecli.gate"] == "Gate failed: 5 down, 0 allowed (exit code 1)"


def test_a_run_without_targets_and_a_large_one_are_whole_documents() -> None:
    assert read(snapshot([])).tests == 0
    assert read(snapshot(many(300, failing=40))).failures == 40


@settings(max_examples=60, deadline=None)
@given(texts, texts, texts)
def test_hostile_text_is_text_in_a_valid_document(name: str, detail: str, group: str) -> None:
    value = snapshot(
        [
            result(name, "down", "http.error", detail, group=group),
            result(name, "unknown", None, detail, group=group),
            result(name, "up", None, None, group=group, flaky=True),
            result(name, "down", "http.error", detail, group=group, gated=False),
        ],
        notice=detail,
    )
    read(value)

    for element in ElementTree.fromstring(page(value)).iter():
        said = [*element.attrib.values(), *(element.text or "").strip().split("\n")]
        assert all(is_harmless_line(text) for text in said)

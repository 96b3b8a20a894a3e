import json
import re

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from output.hostile import texts
from output.samples import INCIDENT, OUTAGE, many, result, snapshot
from probecli.model.result import Result
from probecli.model.snapshot import Snapshot
from probecli.output.json import INDENTED_UP_TO, encode, encode_lines, render
from probecli.output.ndjson import result_lines, summary_line

RAW_CONTROL = re.compile(
    "[\x00-\x09\x0b-\x1f\x7f-\x9f\xad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]"
)


def document(value: Snapshot) -> bytes:
    return b"".join(render(value))


@pytest.mark.parametrize("number", [0, 1, INDENTED_UP_TO, INDENTED_UP_TO + 1, 2_500])
def test_a_run_of_any_size_decodes_to_the_same_snapshot(number: int) -> None:
    value = snapshot(many(number, failing=number // 2))

    assert msgspec.json.decode(document(value), type=Snapshot) == value


def test_the_document_has_the_keys_of_the_contract_in_order() -> None:
    decoded = json.loads(document(snapshot()))

    assert list(decoded) == [
        "schema_version",
        "run",
        "summary",
        "gate",
        "controls",
        "incidents",
        "groups",
        "targets",
    ]
    assert decoded["targets"][0]["timings_ms"]["dns"] == 3.1
    assert decoded["targets"][3]["http"] is None


def test_a_small_run_is_indented_and_a_large_one_has_a_target_a_line() -> None:
    large = document(snapshot(many(INDENTED_UP_TO + 1, failing=0))).splitlines()

    assert b'\n  "run": {' in document(snapshot())
    assert len(large) == INDENTED_UP_TO + 3
    assert json.loads(large[1].rstrip(b","))["name"] == "shop-00000"


def test_no_name_can_pass_for_the_end_of_a_large_document() -> None:
    value = snapshot([*many(INDENTED_UP_TO, failing=0), result('"targets":[]')])
    value = msgspec.structs.replace(value, controls=(result('x"targets":[]}'),))

    assert msgspec.json.decode(document(value), type=Snapshot) == value


@given(texts)
def test_hostile_text_decodes_to_itself_and_stands_in_no_terminals_way(text: str) -> None:
    data = encode({"detail": text}).decode()
    expected = text.encode("utf-8", "backslashreplace").decode()

    assert json.loads(data) == {"detail": expected}
    assert not RAW_CONTROL.search(data)
    assert "##[" not in data


@given(st.lists(texts, max_size=4))
def test_some_results_at_once_are_encoded_as_one_by_one(names: list[str]) -> None:
    results = [result(name, detail=name) for name in names]

    assert encode_lines(results) == b"".join(encode(one) + b"\n" for one in results)
    assert result_lines(results) == b"".join(result_lines([one]) for one in results)


@settings(max_examples=50)
@given(texts, texts, st.lists(texts, max_size=2))
def test_a_hostile_result_is_one_line_of_ndjson(name: str, detail: str, tags: list[str]) -> None:
    line = result_lines([result(name, "down", "http.error", detail, tags=tuple(tags))])
    decoded = json.loads(line)

    assert line.endswith(b"\n")
    assert len(line.splitlines()) == 1
    assert len(line.decode().splitlines()) == 1
    assert decoded["type"] == "result"
    assert decoded["name"] == name.encode("utf-8", "backslashreplace").decode()


def test_a_result_line_is_the_target_of_the_snapshot_with_its_type() -> None:
    decoded = json.loads(result_lines([OUTAGE[0]]))

    assert decoded.pop("type") == "result"
    assert msgspec.convert(decoded, Result) == OUTAGE[0]


def test_the_summary_line_has_everything_but_the_targets() -> None:
    value = msgspec.structs.replace(snapshot(), incidents=(INCIDENT,))
    decoded = json.loads(summary_line(value))
    whole = json.loads(document(value))
    del whole["targets"]

    assert decoded == {"type": "summary", **whole}

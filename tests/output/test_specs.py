import os
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from output.samples import RUN
from probecli.output.specs import (
    OutputError,
    Spec,
    expand,
    parse,
    parse_all,
    path_component,
    placeholders,
)

NOW = datetime(2025, 12, 22, 6, 10, 0, tzinfo=UTC)
VALUES = placeholders(RUN, NOW)


@pytest.mark.parametrize(
    ("text", "spec"),
    [
        ("json", Spec("json")),
        ("json=-", Spec("json")),
        ("json=/dev/stdout", Spec("json")),
        ("json=/dev/fd/1", Spec("json")),
        ("csv=out.csv", Spec("csv", "out.csv")),
        ("csv=a=b.csv", Spec("csv", "a=b.csv")),
        ("json={date}/{vantage}-{time}.json", Spec("json", "2025-12-22/paris-1-061000.json")),
        ("json={run}.json", Spec("json", "r-1.json")),
        ("json={{x}}.json", Spec("json", "{x}.json")),
    ],
)
def test_a_spec_names_a_format_and_a_place(text: str, spec: Spec) -> None:
    assert parse(text, VALUES) == spec


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("jsn", "did you mean json?"),
        ("JSON", "did you mean json?"),
        ("xml", "Formats: table, plain, json, ndjson, csv"),
        ("out.json", "to write a file, say json=out.json"),
        ("", "no such format"),
        ("json=", "the path is missing; write json=FILE"),
        ("json={day}.json", "unknown placeholder {day}; there are {date}, {time}"),
        ("json={}.json", "unknown placeholder {}"),
        ("json={date:%Y}.json", "unknown placeholder {date:%Y}"),
        ("json={date!r}.json", "unknown placeholder {date!r}"),
        ("json={date.json", "braces do not pair"),
        ("json=date}.json", "braces do not pair"),
        ("json=a\0b", "NUL"),
    ],
)
def test_a_mistake_says_what_is_wrong_and_how_to_mend_it(text: str, words: str) -> None:
    with pytest.raises(OutputError) as caught:
        parse(text, VALUES)

    assert words in str(caught.value)


@pytest.mark.parametrize(
    "texts",
    [
        ("json", "plain"),
        ("json=-", "csv=/dev/stdout"),
        ("json=x", "csv=x"),
        ("json=x", "csv=./x"),
        ("json=x", "csv={{y}}/../x"),
    ],
)
def test_two_outputs_never_share_a_place(texts: tuple[str, ...]) -> None:
    with pytest.raises(OutputError, match="both write to"):
        parse_all(texts, VALUES)


def test_a_link_and_its_target_are_one_place(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "file")

    with pytest.raises(OutputError, match="both write to"):
        parse_all((f"json={tmp_path}/link", f"csv={tmp_path}/file"), VALUES)


def test_any_number_of_outputs_may_go_to_nowhere() -> None:
    assert len(parse_all(("json=/dev/null", "csv=/dev/null", "table"), VALUES)) == 3


@given(st.text())
def test_a_vantage_is_one_harmless_component_of_a_path(vantage: str) -> None:
    component = path_component(vantage)

    assert component == os.path.basename(component)
    assert component not in {"", ".", ".."}
    assert not component.startswith(".")
    assert len(component.encode()) <= 100
    assert "\0" not in component


def test_a_vantage_cannot_lead_out_of_the_folder() -> None:
    run = msgspec.structs.replace(RUN, vantage="../../etc/x y")

    assert expand("out/{vantage}", placeholders(run, NOW)) == "out/_.._etc_x_y"


def test_date_and_time_are_utc() -> None:
    paris = datetime(2025, 12, 22, 0, 30, tzinfo=timezone(timedelta(hours=1)))

    assert expand("{date}T{time}", placeholders(RUN, paris)) == "2025-12-21T233000"


def test_a_tilde_is_the_home_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/me")

    assert parse("json=~/x.json", VALUES).path == "/home/me/x.json"

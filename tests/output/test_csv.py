import csv
import io

import msgspec
import pytest
from hypothesis import given, settings

from output.hostile import is_harmless_line, texts
from output.samples import OUTAGE, many, result, snapshot
from probecli.output.csv import render, text_cell

HEADER = (
    "run_id,vantage,started_at,name,kind,url,group,tags,state,cause,detail,http_status,ip,attempts,"
    "flaky,dns_ms,connect_ms,tls_ms,send_ms,wait_ms,receive_ms,total_ms,certificate_days,since"
)
FORMULA_STARTS = tuple("=+-@\t\r\n＝＋－＠")


def page(value) -> str:
    return b"".join(render(value)).decode()


def rows(value) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(page(value), newline=""), strict=True))


@pytest.mark.parametrize("number", [0, 1, 499, 500, 501, 1_200])
def test_a_run_of_any_size_has_one_header_and_a_row_a_target(number: int) -> None:
    text = page(snapshot(many(number, failing=1 if number else 0)))

    assert text.splitlines()[0] == HEADER
    assert text.count("run_id") == 1
    assert len(text.splitlines()) == number + 1
    assert "\r" not in text


def test_the_cells_are_those_of_the_snapshot_and_unknown_is_empty() -> None:
    first, fourth = rows(snapshot())[0], rows(snapshot())[3]

    assert first["name"] == "laposte-www"
    assert first["detail"] == "503 Service Unavailable, expected 200-399"
    assert (first["http_status"], first["attempts"], first["flaky"]) == ("503", "1", "false")
    assert (first["dns_ms"], first["total_ms"]) == ("3.1", "640.2")
    assert (first["certificate_days"], first["since"]) == ("61", "")
    assert fourth["http_status"] == ""
    assert rows(snapshot(OUTAGE[-1:]))[0]["flaky"] == "true"


def test_tags_are_joined_with_semicolons_and_numbers_stay_numbers() -> None:
    value = snapshot(
        [
            result(
                tags=("api", "mobile"),
                timings_ms=msgspec.structs.replace(OUTAGE[0].timings_ms, wait=-1.5),
            )
        ]
    )

    assert rows(value)[0]["tags"] == "api;mobile"
    assert rows(value)[0]["wait_ms"] == "-1.5"


@pytest.mark.parametrize(
    ("text", "cell"),
    [
        ("=cmd|'/c calc'!A0", "'=cmd|'/c calc'!A0"),
        ("+1", "'+1"),
        ("-1", "'-1"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("\t=1", "'=1"),
        ("\r=1", "'=1"),
        ("＝1", "'＝1"),
        ("a;=1", "a;'=1"),
        ("a; =1", "a; '=1"),
        ("a=1", "a=1"),
        ("##[error]x", "# #[error]x"),
        (None, ""),
    ],
)
def test_no_cell_is_run_as_a_formula(text: str | None, cell: str) -> None:
    assert text_cell(text) == cell


@settings(max_examples=60)
@given(texts, texts, texts)
def test_hostile_text_stays_in_its_cell_in_its_neutral_form(
    name: str, detail: str, group: str
) -> None:
    value = snapshot([result(name, "down", "http.error", detail, group=group, tags=(name, detail))])
    (row,) = rows(value)

    assert row["name"] == text_cell(name)
    assert row["detail"] == text_cell(detail)
    assert row["group"] == text_cell(group)
    assert None not in row
    for cell in (row["name"], row["detail"], row["group"], row["tags"]):
        assert is_harmless_line(cell)
        assert not any(part.lstrip().startswith(FORMULA_STARTS) for part in cell.split(";"))

"""How figures stand by their bounds, and that the documentation has the same bounds."""

from pathlib import Path

import pytest

DOCUMENT = Path(__file__).parents[2] / "docs" / "benchmarks.md"


@pytest.mark.parametrize(
    ("key", "value", "best"),
    [
        ("growth", 0.95, "aim"),
        ("growth", 0.949, "reach"),
        ("growth", 0.85, "reach"),
        ("growth", 0.849, "no"),
        ("names", 1.5, "aim"),
        ("names", 1.51, "reach"),
        ("names", 3.0, "reach"),
        ("names", 3.01, "no"),
        ("table", 1.05, "reach"),
        ("table", 1.06, "no"),
        ("table", None, None),
    ],
)
def test_a_figure_meets_the_best_bound_that_it_keeps(
    key: str, value: float | None, best: str | None
) -> None:
    from benchmarks.bounds import BOUNDS, Figure, met

    assert met(BOUNDS[key], Figure(value)) == best


def test_a_run_unlike_its_bound_is_not_judged_and_a_spoiled_one_never_meets_it() -> None:
    from benchmarks.bounds import BOUNDS, Figure, data, met, summary, unlike

    small = Figure(1.0, unlike("names", 300, 1000))
    spoiled = Figure(1.0, None, "2 false time-outs")
    rows = {row[0]: row for row in summary(["names", "mix"], {"names": small, "mix": spoiled}).rows}

    assert unlike("names", 1000, 1000) is None
    assert (met(BOUNDS["names"], small), met(BOUNDS["mix"], spoiled)) == (None, "no")
    assert rows[BOUNDS["names"].what][-1] == "not judged: 300 names, not 1,000"
    assert rows[BOUNDS["mix"].what][-1] == "no: 2 false time-outs"
    assert {row["remark"] for row in data(["names", "mix"], {"names": small, "mix": spoiled})} == {
        "300 names, not 1,000",
        "2 false time-outs",
    }


def test_the_summary_has_every_bound_of_its_scenarios_measured_or_not() -> None:
    from benchmarks.bounds import Figure, data, summary

    figures = {"version": Figure(1.734)}

    assert summary(["start"], figures).rows == (
        ("--version, wall over python -c pass", "1.734", "≤ 6.5", "≤ 2", "aim"),
        ("one http URL to JSON, wall over httpie's", None, "≤ 0.8", "≤ 0.4", None),
    )
    assert [row["met"] for row in data(["start"], figures)] == ["aim", None]


def test_bounds_stand_beside_the_rows_that_have_one_and_in_no_table_without() -> None:
    from benchmarks.bounds import Figure, judged
    from benchmarks.report import Table

    table = Table("T", ("names", "x"), ((1, None), (1000, 3.2)))
    beside = judged(table, (None, "names"), {"names": Figure(3.2)})

    assert beside.columns == ("names", "x", "reach", "aim", "met")
    assert beside.rows == ((1, None, None, None, None), (1000, 3.2, "≤ 3", "≤ 1.5", "no"))
    assert judged(table, (None, "names"), {}) == table


def test_every_bound_is_of_a_scenario_that_there_is() -> None:
    from benchmarks.__main__ import SCENARIOS
    from benchmarks.bounds import BOUNDS

    assert {bound.scenario for bound in BOUNDS.values()} == set(SCENARIOS)


def test_the_document_has_the_bounds_as_they_are() -> None:
    from benchmarks.__main__ import SCENARIOS
    from benchmarks.bounds import summary

    lines = DOCUMENT.read_text("utf-8").splitlines()
    cells = [[cell.strip() for cell in line.split("|")[1:-1]] for line in lines]
    said = {row[0]: (row[2], row[3]) for row in cells if len(row) == 5}

    for what, _, reach, aim, _ in summary(SCENARIOS, {}).rows:
        assert said[str(what)] == (reach, aim or "-")

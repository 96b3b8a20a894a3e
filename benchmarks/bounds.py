"""The bounds that probecli is held to, and how the figures of a run stand by them."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal

from msgspec import Struct
from msgspec.structs import replace

from benchmarks.report import Cell, Table


class Bound(Struct, frozen=True, kw_only=True):
    """What a figure is to `reach`, and then to `aim` for (None where nothing more is asked).

    A figure must not exceed its bound; with `at_least`, it must not fall short of it.
    """

    scenario: str
    what: str
    reach: float
    aim: float | None = None
    unit: str = ""
    at_least: bool = False


def _over_curl(scheme: str, command: str, reach: float, aim: float) -> Bound:
    what = f"{scheme}, 10,000 targets, {command}, targets/s over curl --parallel"
    return Bound(scenario="throughput", what=what, reach=reach, aim=aim, at_least=True)


def _further(where: str) -> Bound:
    what = f"memory a further target, results {where}"
    return Bound(scenario="memory", what=what, reach=4, aim=2, unit=" KiB")


BOUNDS: dict[str, Bound] = {
    "http, probecli": _over_curl("http", "one process", 2.5, 4),
    "https, probecli": _over_curl("https", "one process", 1.5, 2.2),
    "http, probecli --workers 2": _over_curl("http", "--workers 2", 3.5, 5),
    "https, probecli --workers 2": _over_curl("https", "--workers 2", 2, 3),
    "growth": Bound(
        scenario="growth",
        what="http, one process, targets/s at 50,000 over 1,000, start-up taken off",
        reach=0.85,
        aim=0.95,
        at_least=True,
    ),
    "table": Bound(
        scenario="table",
        what="10,000 targets, wall with the live table over wall with JSON",
        reach=1.05,
    ),
    "mix": Bound(
        scenario="mix",
        what="real-life mix, wall over ideal, no false time-out",
        reach=1.10,
        aim=1.04,
    ),
    "wait, http": Bound(
        scenario="accuracy",
        what="error of wait, http, 1,000 in flight, p99",
        reach=0.5,
        aim=0.1,
        unit=" ms",
    ),
    "wait, https": Bound(
        scenario="accuracy",
        what="error of wait, https, 200 in flight, p99",
        reach=1,
        aim=0.1,
        unit=" ms",
    ),
    "names": Bound(
        scenario="names",
        what="1,000 names at 200 ms each, wall over one name's",
        reach=3,
        aim=1.5,
    ),
    "version": Bound(
        scenario="start", what="--version, wall over python -c pass", reach=6.5, aim=2
    ),
    "one URL": Bound(
        scenario="start", what="one http URL to JSON, wall over httpie's", reach=0.8, aim=0.4
    ),
    "memory held": _further("in memory"),
    "memory spooled": _further("on disk"),
}

_COLUMNS = ("reach", "aim", "met")
_NO_CELLS = (None, None, None)


class Figure(Struct, frozen=True):
    """A bound's figure in one run; None where the run could not tell.

    `unlike` says in which way the run was not what the bound is about: then nothing is judged.
    `spoiled` says what makes the figure worth nothing, however good it is.
    """

    value: float | None
    unlike: str | None = None
    spoiled: str | None = None


def unlike(kind: str, found: int, meant: int) -> str | None:
    """The words for a run with another number than its bound means; None for the same."""
    return None if found == meant else f"{found:,} {kind}, not {meant:,}"


def met(bound: Bound, figure: Figure) -> Literal["aim", "reach", "no"] | None:
    """The best of the two bounds that the figure keeps; None where that cannot be said."""
    if figure.value is None or figure.unlike:
        return None
    if figure.spoiled:
        return "no"
    sign = -1 if bound.at_least else 1
    if bound.aim is not None and sign * figure.value <= sign * bound.aim:
        return "aim"
    return "reach" if sign * figure.value <= sign * bound.reach else "no"


def judged(table: Table, keys: Sequence[str | None], figures: Mapping[str, Figure]) -> Table:
    """The table with its bounds beside it: `keys` has that of each row, None for one without.

    As it is where no row has a figure of this run.
    """
    if not any(key in figures for key in keys):
        return table
    rows = tuple(
        (*row, *(_cells(BOUNDS[key], figures.get(key)) if key else _NO_CELLS))
        for row, key in zip(table.rows, keys, strict=True)
    )
    return replace(table, columns=(*table.columns, *_COLUMNS), rows=rows)


def summary(scenarios: Iterable[str], figures: Mapping[str, Figure]) -> Table:
    """Every bound of these scenarios beside what was measured."""
    rows = tuple(
        (bound.what, _measured(bound, figures.get(key)), *_cells(bound, figures.get(key)))
        for key, bound in _of(scenarios).items()
    )
    return Table("Bounds", ("what", "measured", *_COLUMNS), rows)


def data(scenarios: Iterable[str], figures: Mapping[str, Figure]) -> list[dict[str, Any]]:
    """The same for programs."""
    rows = []
    for key, bound in _of(scenarios).items():
        figure = figures.get(key) or Figure(None)
        rows.append(
            {
                "bound": key,
                "what": bound.what,
                "measured": figure.value,
                "reach": bound.reach,
                "aim": bound.aim,
                "unit": bound.unit.strip() or None,
                "at_least": bound.at_least,
                "met": met(bound, figure),
                "remark": figure.unlike or figure.spoiled,
            }
        )
    return rows


def _of(scenarios: Iterable[str]) -> dict[str, Bound]:
    asked = set(scenarios)
    return {key: bound for key, bound in BOUNDS.items() if bound.scenario in asked}


def _cells(bound: Bound, figure: Figure | None) -> tuple[Cell, Cell, Cell]:
    return _at(bound, bound.reach), _at(bound, bound.aim), _met(bound, figure)


def _at(bound: Bound, value: float | None) -> str | None:
    return None if value is None else f"{'≥' if bound.at_least else '≤'} {value:g}{bound.unit}"


def _measured(bound: Bound, figure: Figure | None) -> str | None:
    if figure is None or figure.value is None:
        return None
    # More digits than elsewhere: 1.052 does not keep a bound of 1.05.
    return f"{figure.value:.4g}{bound.unit}"


def _met(bound: Bound, figure: Figure | None) -> str | None:
    if figure is None:
        return None
    if figure.unlike:
        return f"not judged: {figure.unlike}"
    kept = met(bound, figure)
    return f"{kept}: {figure.spoiled}" if figure.spoiled else kept

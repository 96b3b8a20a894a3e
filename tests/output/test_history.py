import csv
import io
import json
from typing import Any

import pytest
from rich.cells import cell_len

from output.hostile import is_harmless_line
from output.samples import AT
from probecli.history.review import Latencies, PastOutage, Review, Share
from probecli.output.cells import to_text
from probecli.output.history import Page, as_csv, as_json, lines, sparkline
from probecli.output.terminal import Terminal

ALWAYS = Share(percent=100.0, unknown_s=0, gap_s=0)
MOSTLY = Share(percent=99.999, unknown_s=0, gap_s=7500)


def review(name: str = "www", **fields: Any) -> Review:
    whole: dict[str, Any] = {
        "name": name, "vantage": "paris-1", "group": "g", "url": "https://www.example/",
        "state": "up", "flapping": False, "observed": True, "cause": None, "detail": None,
        "since": AT, "last_ok": None, "last_seen": AT,
        "uptime": {"24h": ALWAYS, "7d": ALWAYS, "30d": MOSTLY},
        "incidents": (), "mttr_s": None,
        "latency_ms": Latencies(p50=80.0, p95=1200.0, series=(10.0, None, 80.0)),
    }  # fmt: skip
    return Review(**whole | fields)


INCIDENT = PastOutage(
    since=AT, last_ok=None, until=None, duration_s=600, cause="http.error", status=503,
    detail="=503 \x1b[31m ‮Service", flapping=True, changes=5,
)  # fmt: skip


def shown(*targets: Review, width: int = 119) -> list[str]:
    page = Page(since=AT, until=AT, targets=targets)
    return [to_text(line, Terminal()) for line in lines(page, width)]


@pytest.mark.parametrize("width", [40, 79, 103, 104, 119, 200])
def test_no_line_is_wider_than_asked_and_none_steers_the_terminal(width: int) -> None:
    hostile = "\x1b[2J‮日本語のとても長い名前" * 3
    told = shown(review(hostile, incidents=(INCIDENT,)), review(vantage="\x1b[31m"), width=width)

    assert all(map(is_harmless_line, told))
    assert all(cell_len(line) <= width for line in told)


@pytest.mark.parametrize("width", [79, 119])
def test_what_is_worst_comes_first_with_uptime_gaps_and_latency(width: int) -> None:
    told = shown(
        review("calm"), review("bad", state="down", mttr_s=7200, incidents=(INCIDENT,)), width=width
    )
    text = "\n".join(told)

    assert text.index("DOWN") < text.index("calm")
    for words in ("100%", "99.99%", "2 h 05 min", "80 ms", "1.2 s", "2 h", "flapping, 5 changes"):
        assert words in text


def test_flapping_and_unobserved_targets_have_words_of_their_own() -> None:
    text = "\n".join(shown(review("a", flapping=True), review("b", observed=False)))

    assert "FLAPPING" in text
    assert "no data" in text


def test_a_history_without_incidents_says_so() -> None:
    assert any(line.startswith(" No incident since") for line in shown(review()))


@pytest.mark.parametrize(
    ("values", "width", "bars"),
    [
        ((1.0, 2.0, 4.0, 8.0), 4, "▁▂▄█"),
        ((None, 8.0), 2, " █"),
        ((1.0, 8.0, None, None), 2, "█ "),
        ((8.0,), 9, "█"),
        ((None, None), 2, "  "),
        ((0.0, 0.0), 2, "▁▁"),
        ((), 5, ""),
    ],
)
def test_a_sparkline_has_a_bar_a_step_and_a_blank_for_none(
    values: tuple[float | None, ...], width: int, bars: str
) -> None:
    assert sparkline(values, width) == bars


def test_json_and_csv_tell_the_same_and_no_cell_is_a_formula() -> None:
    page = Page(since=AT, until=AT, targets=(review("=x", detail="=1+1", incidents=(INCIDENT,)),))
    (target,) = json.loads(as_json(page, None))["targets"]  # type: ignore[arg-type]
    (row,) = csv.DictReader(io.StringIO(as_csv(page, None).decode()))  # type: ignore[arg-type]

    assert target["uptime"]["30d"] == {"percent": 99.999, "unknown_s": 0, "gap_s": 7500}
    assert (row["name"], row["detail"]) == ("'=x", "'=1+1")
    assert (row["uptime_30d_percent"], row["gap_30d_s"], row["incidents"]) == (
        "99.999",
        "7500",
        "1",
    )
    assert (float(row["p95_ms"]), target["latency_ms"]["p95"]) == (1200.0, 1200.0)

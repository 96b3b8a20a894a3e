import re

import pytest
from hypothesis import given, settings
from msgspec.structs import replace

from output.hostile import is_harmless_line, texts
from output.samples import OUTAGE, many, result, snapshot, timings
from probecli.model.evidence import Evidence
from probecli.model.result import TlsFacts
from probecli.model.snapshot import GateVerdict, Snapshot
from probecli.model.target import Expectations, Latency, Seconds, Target
from probecli.output.nagios import LIMIT_BYTES, text
from probecli.verdict import judge

ITEM = re.compile(
    r"'([^'=]+)'=(-?[\d.]+)(s|)(?:;([\d.:]*))?(?:;([\d.:]*))?(?:;([\d.]*))?(?:;([\d.]*))?"
)


def parsed(said: str) -> tuple[str, list[str], dict[str, tuple[str | None, ...]]]:
    """The status line, the long lines and the performance data, as Nagios takes them apart.

    From the manual: the first `|` ends the first line's text, the next one the long text, and
    all that follows is performance data, over several lines.
    """
    first, _, rest = said.partition("\n")
    status, _, data = first.partition("|")
    long, _, more = rest.partition("|")
    items = {}
    for item in re.findall(r"'[^']*'\S*|\S+", f"{data} {more}"):
        match = ITEM.fullmatch(item)
        assert match, item
        items[match[1]] = match.groups()[1:]
    return status.strip(), long.strip().split("\n"), items


def coded(value: Snapshot, code: int) -> Snapshot:
    return replace(value, gate=GateVerdict(code == 0, code, "because"))


@pytest.mark.parametrize(
    ("code", "word"),
    [(0, "OK"), (1, "WARNING"), (2, "CRITICAL"), (3, "UNKNOWN"), (74, "UNKNOWN"), (130, "UNKNOWN")],
)
def test_the_word_is_what_nagios_makes_of_the_exit_code(code: int, word: str) -> None:
    assert text(coded(snapshot(), code)).startswith(f"PROBECLI {word} - 5 down, 1 unknown")


def test_the_first_line_says_how_many_and_which_and_why() -> None:
    status, long, items = parsed(text(coded(snapshot(), 2)))

    assert status == (
        "PROBECLI CRITICAL - 5 down, 1 unknown, 1 degraded of 9: laposte-www (http.error), "
        "colissimo-suivi (http.error), digiposte-api (http.error), "
        "banque-postale-portail (tcp.timed_out), caisse-epargne-portail (content.unavailable) "
        "and 2 more"
    )
    assert long[0] == "DOWN laposte-www: http.error: 503 Service Unavailable, expected 200-399"
    assert long[-1] == "because"
    assert items["down"] == ("5", "", "", "", "0", "9")
    assert items["laposte-www"] == ("0.640", "s", "", "", "0", None)


def test_all_up_is_one_quiet_line() -> None:
    status, _, _ = parsed(text(coded(snapshot(OUTAGE[-2:]), 0)))

    assert status == "PROBECLI OK - all 2 up"


def test_thresholds_come_from_the_expectations_that_judged_the_target() -> None:
    target = Target(
        name="a",
        url="https://a.example/",
        expect=Expectations(
            latency=Latency(total_s=Seconds(4.0), wait_s=Seconds(9)), certificate_days=7
        ),
        warn=Expectations(latency=Latency(total_s=Seconds(0.8)), certificate_days=14),
    )
    tls = TlsFacts(certificate_days=61)
    verdict = judge(target, Evidence(timings=timings(100.0), tls=tls))
    one = result("a", expectations=verdict.expectations, timings_ms=timings(100.0), tls=tls)
    _, _, items = parsed(text(snapshot([one])))

    assert items["a"] == ("0.100", "s", "0.8", "4", "0", None)
    assert items["a certificate_days"] == ("61", "", "14:", "7:", None, None)


@pytest.mark.parametrize("number", [100, 10_000])
def test_a_large_run_fits_what_old_cores_keep(number: int) -> None:
    said = text(snapshot(many(number, failing=number // 2)))

    assert len(said.encode()) <= LIMIT_BYTES
    _, long, _ = parsed(said)
    assert long[-2].startswith("and ")


@settings(max_examples=100)
@given(texts, texts)
def test_hostile_text_opens_no_performance_data_and_no_line(name: str, detail: str) -> None:
    bad = result(name, "down", "http.error", detail)
    said = text(snapshot([bad], notice=detail))
    status, long, items = parsed(said)

    assert said.count("|") == 2
    assert len(long) <= 3
    assert len(items) == 6
    assert all(is_harmless_line(line) for line in (status, *long))
    assert len(said.encode()) <= LIMIT_BYTES


def test_what_is_not_gated_comes_last_and_says_so() -> None:
    value = snapshot(
        [
            result("a", "down", "tcp.reset", gated=False),
            result("b", "degraded", "expect.latency", "slow"),
        ]
    )
    _, long, _ = parsed(text(value))

    assert long[:2] == [
        "DEGRADED b: expect.latency: slow",
        "DOWN a (not gated): tcp.reset: connection reset by the peer",
    ]


def test_a_bar_in_a_name_or_a_detail_starts_no_performance_data() -> None:
    said = text(snapshot([result("a|b='c'", "down", "http.error", "x | y\n| z")]))
    status, long, items = parsed(said)

    assert status.endswith("a/b='c' (http.error)")
    assert long[0] == "DOWN a/b='c': http.error: x / y / z"
    assert "a/b__c_" in items

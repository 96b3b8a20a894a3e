"""The pages are those of the tables, and nothing in them acts."""

import json
import re
from pathlib import Path

import pytest

from faults.table import BY_NAME, FAULTS
from peers import blackbox, curl
from peers.measure import settled
from peers.page import CHOICE, SEEN, measured_faults, pages, plain, summary, whom
from probecli.model.cause import CAUSES

MEASURED = json.loads(SEEN.read_bytes())


@pytest.mark.parametrize(
    ("path", "text"), pages().items(), ids=lambda value: getattr(value, "name", "")
)
def test_a_page_is_current(path: Path, text: str) -> None:
    assert path.read_text() == text, "run `python -m peers.page` in the folder tests"


def test_nothing_was_measured_that_is_no_row_any_more() -> None:
    assert set(MEASURED["faults"]) <= set(BY_NAME), "run `python -m peers.measure` again"


def test_what_was_measured_is_what_the_table_says() -> None:
    wrong = {
        name
        for name, row in MEASURED["faults"].items()
        if (row["probecli"]["state"], row["probecli"]["cause"])
        != (BY_NAME[name].state, BY_NAME[name].cause)
    }
    assert not wrong


def test_the_choice_is_of_rows_and_names_none_twice() -> None:
    assert set(CHOICE) <= set(BY_NAME)
    assert len(set(CHOICE)) == len(CHOICE)


def test_no_place_of_the_measuring_machine_is_in_the_data() -> None:
    assert not re.search(r"/tmp|/home|/root|\b20\d\d-\d\d-\d\dT", SEEN.read_text())


def test_for_every_cause_there_is_somebody_to_call() -> None:
    assert all(whom(name) for name in CAUSES)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a | b", r"a \| b"),
        ("<script>", "&lt;script&gt;"),
        ("`x` *y* _z_", r"\`x\` \*y\* \_z\_"),
        ("[a](http://b)", r"\[a\](http&#58;//b)"),
        ("two\nlines", "two lines"),
        ("\x1b[2J", r"\\x1b\[2J"),
    ],
)
def test_a_text_from_outside_is_shown_and_does_not_act(text: str, shown: str) -> None:
    assert plain(text) == shown


def test_the_summary_counts_what_the_data_say() -> None:
    told = summary(measured_faults()["faults"])
    assert told["rows"] == told["faults"] + told["fine"] == len(FAULTS)
    assert told["causes"] <= len({fault.cause for fault in FAULTS if fault.cause})
    assert 0 < told["curl codes"] < told["causes where curl is asked"]


def test_a_target_becomes_curls_arguments() -> None:
    target = {
        "url": "https://service.test:4433/",
        "timeout": "300ms",
        "retry": {"attempts": 2},
        "resolve_to": "127.0.0.1",
        "tls": {"ca_file": "root.pem", "min_version": "1.3"},
        "method": "HEAD",
    }
    given = " ".join(curl.arguments(target))
    assert "--max-time 0.3" in given
    assert "--resolve service.test:4433:127.0.0.1" in given
    assert "--cacert root.pem --tlsv1.3" in given
    assert "--head" in given
    assert "--retry 1" in given
    assert given.endswith("https://service.test:4433/")


def test_a_target_becomes_a_module_of_blackbox_exporter() -> None:
    target = {
        "url": "http://service.test:80/",
        "timeout": "1s",
        "ip_version": "4",
        "expect": {"body": "a.b", "status": "4xx"},
    }
    made = blackbox.module(target)
    assert made["prober"] == "http"
    assert made["http"]["fail_if_body_not_matches_regexp"] == [r"a\.b"]
    assert made["http"]["valid_status_codes"] == list(range(400, 500))
    assert made["http"]["preferred_ip_protocol"] == "ip4"


def test_the_line_that_says_why_is_found_in_the_log() -> None:
    said = (
        "Logs for the probe:\n"
        'ts=2026-01-01T00:00:00Z caller=main.go level=info msg="Beginning probe"\n'
        'ts=2026-01-01T00:00:00Z level=error msg="Error for HTTP request" err="dial: \\"x\\""\n'
        'ts=2026-01-01T00:00:00Z level=info msg="Response timings for roundtrip"\n'
        "\nMetrics that would have been returned:\nprobe_success 0\n"
    )
    assert blackbox.failing_line(said) == 'Error for HTTP request: dial: "x"'


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("dial tcp 127.0.0.1:43211: refused", "dial tcp 127.0.0.1:PORT: refused"),
        ("127.0.0.1 port 43211 after 3 ms", "127.0.0.1 port PORT after 3 ms"),
        ("cannot use /tmp/faults-x1/root.pem", "cannot use root.pem"),
        ("code 999 of 12345", "code 999 of 12345"),
        ("current time 2026-01-01T00:00:00Z is", "current time TIME is"),
    ],
)
def test_what_differs_every_time_is_taken_out(text: str, expected: str) -> None:
    assert settled(text) == expected

import io
import os
import re
import shutil
import subprocess
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from msgspec.structs import replace
from prometheus_client.parser import text_string_to_metric_families

from output.hostile import is_harmless_line, texts
from output.samples import NOW, OUTAGE, RUN, result, snapshot
from probecli.model.result import Timings, TlsFacts
from probecli.model.snapshot import Snapshot
from probecli.output.prometheus import render
from probecli.output.sinks import open_sinks

NAMES = (
    "probe_success",
    "probe_duration_seconds",
    "probe_http_duration_seconds",
    "probe_http_status_code",
    "probe_ssl_earliest_cert_expiry",
    "probe_failure_info",
    "probecli_state",
    "probecli_down_since_timestamp_seconds",
    "probecli_last_run_timestamp_seconds",
)
EVERYTHING = snapshot(
    [
        *OUTAGE,
        result(
            "expiring",
            "down",
            "tls.cert.date_invalid",
            "expired",
            since="2025-12-22T06:00:00.500Z",
            tls=TlsFacts(not_after="2025-12-01T00:00:00.000Z"),
        ),
    ]
)


def page(value: Snapshot) -> str:
    return b"".join(render(value)).decode()


def samples(value: Snapshot) -> dict[tuple[str, ...], float]:
    """Values by metric and the labels `target` and, where there is one, the metric's own."""
    found: dict[tuple[str, ...], float] = {}
    for family in text_string_to_metric_families(page(value)):
        for sample in family.samples:
            labels = dict(sample.labels)
            assert {"target", "group", "vantage"} <= labels.keys()
            del labels["group"], labels["vantage"]
            key = (sample.name, labels.pop("target"), *labels.values())
            assert key not in found
            found[key] = sample.value
    return found


def test_every_metric_of_the_contract_is_a_gauge_announced_once() -> None:
    text = page(EVERYTHING)

    for kind in ("HELP", "TYPE"):
        assert tuple(re.findall(rf"^# {kind} (\S+)", text, re.MULTILINE)) == NAMES
    assert {family.type for family in text_string_to_metric_families(text)} == {"gauge"}


def test_labels_are_target_group_and_vantage() -> None:
    first = next(iter(text_string_to_metric_families(page(EVERYTHING)))).samples[0]

    assert first.labels == {"target": "laposte-www", "group": "la-poste", "vantage": "paris-1"}


@pytest.mark.parametrize(
    ("key", "value"),
    [
        (("probe_success", "laposte-www"), 0.0),
        (("probe_success", "banque-populaire-api"), 1.0),
        (("probe_success", "carte-paiement"), 1.0),
        (("probe_success", "banque-postale-mobile"), None),
        (("probe_duration_seconds", "banque-postale-mobile"), 0.0881),
        (("probe_http_duration_seconds", "laposte-www", "dns"), 0.0031),
        (("probe_http_status_code", "laposte-www"), 503.0),
        (("probe_http_status_code", "banque-postale-portail"), None),
        (("probe_ssl_earliest_cert_expiry", "expiring"), 1764547200.0),
        (("probe_ssl_earliest_cert_expiry", "laposte-www"), None),
        (("probe_failure_info", "laposte-www", "http.error"), 1.0),
        (("probe_failure_info", "banque-populaire-api", "expect.latency"), 1.0),
        (("probe_failure_info", "wero", "tcp.reset"), None),
        (("probecli_state", "laposte-www", "down"), 1.0),
        (("probecli_state", "laposte-www", "up"), 0.0),
        (("probecli_state", "banque-postale-mobile", "unknown"), 1.0),
        (("probecli_down_since_timestamp_seconds", "expiring"), 1766383200.5),
        (("probecli_down_since_timestamp_seconds", "laposte-www"), None),
        (("probecli_last_run_timestamp_seconds", "wero"), 1766383800.0),
    ],
)
def test_a_value_is_as_measured_and_absent_when_it_is_not_known(
    key: tuple[str, ...], value: float | None
) -> None:
    assert samples(EVERYTHING).get(key) == value


def test_a_target_that_is_not_down_has_no_down_since() -> None:
    value = snapshot([result("a", "degraded", "expect.latency", since="2025-12-22T06:00:00.000Z")])

    assert not any(key[0] == NAMES[7] for key in samples(value))


def test_a_phase_that_was_not_reached_is_absent_and_not_zero() -> None:
    value = snapshot([result("a", "down", "tcp.refused", timings_ms=Timings(dns=0.0, connect=1.5))])
    phases = {key[2]: number for key, number in samples(value).items() if key[0] == NAMES[2]}

    assert phases == {"dns": 0.0, "connect": 0.0015}


def test_a_target_has_exactly_one_state() -> None:
    states = [(key[1], number) for key, number in samples(EVERYTHING).items() if key[0] == NAMES[6]]

    assert len(states) == 4 * 10
    assert sum(number for _, number in states) == 10


def test_an_unfinished_run_counts_from_its_start() -> None:
    value = snapshot([result("a")], finished_at=None)

    assert samples(value)[NAMES[8], "a"] == 1766383800.0


@settings(max_examples=60, deadline=None)
@given(texts, texts, texts)
def test_hostile_names_stay_labels_and_no_series_comes_twice(
    name: str, group: str, vantage: str
) -> None:
    results = [result(name, group=group), result(name + "\n", "down", "http.error", group=group)]
    value = snapshot(results)
    value = replace(value, run=replace(value.run, vantage=vantage))

    assert sum(key[0] == "probe_success" for key in samples(value)) == 2
    assert all(is_harmless_line(line) for line in page(value).rstrip("\n").split("\n"))


NODE_EXPORTER = shutil.which("prometheus-node-exporter") or shutil.which("node_exporter")


@pytest.fixture
def metrics_of_folder(tmp_path: Path) -> Iterator[Any]:
    """Scrapes a real node_exporter that reads `tmp_path`."""
    process = subprocess.Popen(
        [
            str(NODE_EXPORTER),
            "--collector.disable-defaults",
            "--collector.textfile",
            f"--collector.textfile.directory={tmp_path}",
            "--web.listen-address=127.0.0.1:0",
        ],
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    try:
        lines = iter(process.stderr.readline, "")
        address = next(filter(None, (re.search(r"127\.0\.0\.1:\d+", line) for line in lines)))

        def scrape() -> str:
            with urllib.request.urlopen(f"http://{address[0]}/metrics", timeout=30) as answer:
                text: str = answer.read().decode()
                return text

        yield scrape
    finally:
        process.terminate()
        process.wait()
        process.stderr.close()


@pytest.mark.skipif(NODE_EXPORTER is None, reason="needs Debian's prometheus-node-exporter")
def test_node_exporter_serves_the_files_of_two_runs(tmp_path: Path, metrics_of_folder: Any) -> None:
    hostile = result('quo"te\\back\nline', "down", "http.error", group="a{b}=,")
    for name, value in (("one", EVERYTHING), ("two", snapshot([hostile]))):
        spec = f"prometheus={tmp_path}/{name}.prom"
        streams = {"stdout": io.StringIO(), "stderr": io.StringIO()}
        former = os.umask(0o022)
        with open_sinks([spec], **streams, env={}, run=RUN, now=NOW) as sinks:
            sinks.begin(RUN, 1)
            sinks.end(value)
        os.umask(former)
        assert (tmp_path / f"{name}.prom").stat().st_mode & 0o777 == 0o644
    text = metrics_of_folder()

    assert "node_textfile_scrape_error 0" in text
    served = {family.name: family for family in text_string_to_metric_families(text)}
    assert set(NAMES) <= served.keys()
    targets = {one.labels["target"] for one in served["probecli_state"].samples}
    assert targets == {one.name for one in EVERYTHING.targets} | {'quo"te\\back line'}

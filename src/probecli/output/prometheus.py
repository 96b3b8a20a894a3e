"""Results as metrics for the textfile collector of the Prometheus node_exporter: gauges only.

The names are those of the blackbox_exporter where it has one, so that its dashboards and alerts
hold here too. Every sample carries the labels `target`, `group` and `vantage`, the last run's
time as well: two files of two cron jobs then never define the same series, which makes the
collector refuse both.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING

from msgspec import Struct

from probecli.model.cause import STATES
from probecli.model.moment import epoch_s
from probecli.model.result import Result
from probecli.model.snapshot import Snapshot
from probecli.output.document import Document
from probecli.output.interface import Context, Destination, Output
from probecli.output.words import PHASES
from probecli.text import harmless

if TYPE_CHECKING:
    from prometheus_client.core import GaugeMetricFamily

Samples = Iterator[tuple[tuple[str, ...], float]]


class _Metric(Struct, frozen=True):
    """A gauge: `samples` yields the values of `labels` with the number, for one target."""

    name: str
    help: str
    samples: Callable[[Result], Samples]
    labels: tuple[str, ...] = ()


def _success(result: Result) -> Samples:
    if result.state != "unknown":
        yield (), float(result.state != "down")


def _duration(result: Result) -> Samples:
    yield (), result.duration_ms / 1000


def _phases(result: Result) -> Samples:
    for phase in PHASES:
        ms = getattr(result.timings_ms, phase)
        if ms is not None:
            yield (phase,), ms / 1000


def _status(result: Result) -> Samples:
    if result.http and result.http.status is not None:
        yield (), float(result.http.status)


def _certificate_expiry(result: Result) -> Samples:
    if result.tls and result.tls.not_after:
        yield (), epoch_s(result.tls.not_after)


def _failure(result: Result) -> Samples:
    if result.cause:
        yield (result.cause,), 1.0


def _state(result: Result) -> Samples:
    for state in STATES:
        yield (state,), float(result.state == state)


def _down_since(result: Result) -> Samples:
    if result.state == "down" and result.since:
        yield (), epoch_s(result.since)


_METRICS = (
    _Metric(
        "probe_success",
        "Whether the target is up or degraded (1) or down (0); absent when it is unknown.",
        _success,
    ),
    _Metric(
        "probe_duration_seconds", "How long the probe took, retries and pauses included.", _duration
    ),
    _Metric(
        "probe_http_duration_seconds",
        "How long each phase of the last attempt took; absent for a phase not reached.",
        _phases,
        ("phase",),
    ),
    _Metric("probe_http_status_code", "The status of the last HTTP response.", _status),
    _Metric(
        "probe_ssl_earliest_cert_expiry",
        "When the server's certificate expires, in seconds since the epoch.",
        _certificate_expiry,
    ),
    _Metric(
        "probe_failure_info", "Why the target is not up, by cause; always 1.", _failure, ("cause",)
    ),
    _Metric("probecli_state", "The target's state: 1 for the one it has.", _state, ("state",)),
    _Metric(
        "probecli_down_since_timestamp_seconds",
        "Since when the target is down, in seconds since the epoch, where that is known.",
        _down_since,
    ),
)
_LAST_RUN = "probecli_last_run_timestamp_seconds"


def _labels(snapshot: Snapshot) -> Iterator[tuple[str, str, str]]:
    """`target`, `group` and `vantage` of each result, no two alike."""
    vantage = harmless(snapshot.run.vantage)
    taken: set[str] = set()
    for result in snapshot.targets:
        name = label = harmless(result.name)
        number = 1
        while label in taken:
            number += 1
            label = f"{name} ({number})"
        taken.add(label)
        yield label, harmless(result.group or ""), vantage


def _families(snapshot: Snapshot) -> Iterable["GaugeMetricFamily"]:
    from prometheus_client.core import GaugeMetricFamily

    labels = list(_labels(snapshot))
    common = ("target", "group", "vantage")
    for metric in _METRICS:
        family = GaugeMetricFamily(metric.name, metric.help, labels=(*common, *metric.labels))
        for own, result in zip(labels, snapshot.targets, strict=True):
            for more, value in metric.samples(result):
                family.add_metric((*own, *more), value)
        if family.samples:
            yield family
    last_run = GaugeMetricFamily(
        _LAST_RUN, "When the run ended that probed the target.", labels=common
    )
    ended = epoch_s(snapshot.run.finished_at or snapshot.run.started_at)
    for own in labels:
        last_run.add_metric(own, ended)
    yield last_run


class _Collector:
    """What prometheus_client encodes: the metric families of one snapshot."""

    def __init__(self, snapshot: Snapshot) -> None:
        self._snapshot = snapshot

    def collect(self) -> Iterable["GaugeMetricFamily"]:
        """The families, in a fixed order."""
        return _families(self._snapshot)


def render(snapshot: Snapshot) -> Iterator[bytes]:
    """The text exposition format 0.0.4."""
    from prometheus_client import generate_latest

    yield generate_latest(_Collector(snapshot))


def create(destination: Destination, context: Context) -> Output:
    """The `prometheus` output."""
    return Document(destination, render)

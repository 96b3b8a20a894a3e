"""Targets a second on the same list, in turn with the peers."""

import contextlib
import time
from collections.abc import Iterator, Sequence
from typing import Any

from benchmarks import certificates, loopback, servers
from benchmarks.bounds import BOUNDS, Figure, judged, unlike
from benchmarks.measure import middle, paired
from benchmarks.peers import CURL, Peer, Sample, Task, peers
from benchmarks.report import Table
from benchmarks.setting import Outcome, Setting

_COLUMNS = ("program", "targets/s", "CPU s / 1,000", "peak MiB", "x curl", "rounds")
# What the bounds are about.
_SIZE, _IN_FLIGHT = 10_000, 200


def measured(setting: Setting) -> Outcome:
    """Every size and scheme, every peer in turn, round by round."""
    rows = _present(setting)
    tables: list[Table] = []
    data: list[dict[str, Any]] = []
    figures: dict[str, Figure] = {}
    of_bounds = _SIZE if _SIZE in setting.sizes else max(setting.sizes)
    for scheme in setting.schemes:
        for size in setting.sizes:
            with task(setting, scheme, size) as (job, server):
                samples, notes = _rounds(setting, rows, job)
            ratios = {name: _ratio(samples, name) for name in samples}
            for name, taken in samples.items():
                data.append(
                    {
                        "scheme": scheme,
                        "targets": size,
                        "in_flight": job.in_flight,
                        "server": server,
                        "program": name,
                        "targets_per_s": middle(size / one.wall_s for one in taken),
                        "cpu_s_per_1000": middle(one.cpu_s / size * 1000 for one in taken),
                        "peak_kib": middle(one.peak_kib for one in taken),
                        "over_curl": ratios[name],
                        "samples": taken,
                    }
                )
            keys = [_key(scheme, name) if size == of_bounds else None for name in samples]
            for key, name in zip(keys, samples, strict=True):
                if key:
                    figures[key] = _figure(job, ratios[name], samples[name])
            table = Table(
                f"{scheme}, {size:,} targets, {job.in_flight} in flight, {server}",
                _COLUMNS,
                tuple(_row(size, name, samples[name], ratios[name]) for name in samples),
                tuple(notes),
            )
            tables.append(judged(table, keys, figures))
    return Outcome(tuple(tables), data, figures)


def _key(scheme: str, program: str) -> str | None:
    key = f"{scheme}, {program}"
    return key if key in BOUNDS else None


def _figure(job: Task, ratio: float | None, taken: Sequence[Sample]) -> Figure:
    size = len(job.urls)
    other = unlike("targets", size, _SIZE) or unlike("in flight", job.in_flight, _IN_FLIGHT)
    least = min(one.answered for one in taken)
    return Figure(ratio, other, None if least == size else f"{least:,} of {size:,} answered 200")


def _row(
    size: int, name: str, taken: list[Sample], ratio: float | None
) -> tuple[str | float | int | None, ...]:
    peak = middle(one.peak_kib / 1024 for one in taken)
    return (
        name,
        middle(size / one.wall_s for one in taken),
        middle(one.cpu_s / size * 1000 for one in taken),
        peak,
        ratio,
        len(taken),
    )


@contextlib.contextmanager
def task(setting: Setting, scheme: str, size: int) -> Iterator[tuple[Task, str]]:
    """A list on a fast server for as long as the block."""
    place = setting.directory
    with contextlib.ExitStack() as stack:
        listeners = [
            stack.enter_context(loopback.listener())
            for _ in range(loopback.ports_for(scheme, size))
        ]
        files = None
        if scheme == "https":
            named = (loopback.address(index) for index in range(loopback.TLS_ADDRESSES))
            files = certificates.issue(place, named)
        server = stack.enter_context(servers.fast(place, listeners, files))
        job = Task(
            urls=loopback.urls(scheme, [loopback.port(one) for one in listeners], size),
            in_flight=setting.in_flight,
            authority=files.authority if files else None,
            directory=place,
        )
        yield job.written(), server


def _present(setting: Setting) -> list[Peer]:
    rows = []
    for peer in peers(setting.tools.workers):
        if setting.only and not any(word in peer.name for word in setting.only):
            continue
        why = peer.missing(setting.tools)
        if why:
            setting.say(f"{peer.name} skipped: {why}")
        else:
            rows.append(peer)
    return rows


def _rounds(
    setting: Setting, rows: list[Peer], job: Task
) -> tuple[dict[str, list[Sample]], list[str]]:
    samples: dict[str, list[Sample]] = {peer.name: [] for peer in rows}
    notes: list[str] = []
    left = list(rows)
    until = time.monotonic() + setting.budget_s
    for number in range(setting.rounds):
        if number and time.monotonic() > until:
            break
        for peer in list(left):
            sample = peer.sample(setting.tools, job, setting.limit_s)
            said = f"{len(job.urls):,} {job.urls[0].partition(':')[0]}, {peer.name}:"
            if sample is None:
                notes.append(f"{peer.name}: no result within {setting.limit_s} s, left out.")
                setting.say(notes[-1])
                left.remove(peer)
                continue
            setting.say(f"{said} {sample.wall_s:.2f} s")
            if sample.answered != len(job.urls):
                notes.append(f"{peer.name}: {sample.answered:,} of {len(job.urls):,} answered 200.")
                setting.say(notes[-1])
            samples[peer.name].append(sample)
    return {name: taken for name, taken in samples.items() if taken}, notes


def _ratio(samples: dict[str, list[Sample]], name: str) -> float | None:
    """How many times as fast as curl: its wall over this one's, pair by pair."""
    curl = [one.wall_s for one in samples.get(CURL, [])]
    return paired(curl, [one.wall_s for one in samples[name]])

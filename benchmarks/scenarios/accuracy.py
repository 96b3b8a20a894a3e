"""How true the time to first byte is under load, against a server that knows its own delays."""

import contextlib
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import msgspec

from benchmarks import certificates, loopback, servers
from benchmarks.bounds import Figure, judged
from benchmarks.measure import quantile, run
from benchmarks.peers import CURL_MOST_IN_FLIGHT, Task, probecli_command
from benchmarks.report import Cell, Table
from benchmarks.setting import Outcome, Setting

DELAY_MS = 50
_COLUMNS = ("program", "in flight", "n", "p50 ms", "p99 ms", "max ms", "server's own p99 ms")
# Program, scheme and number in flight that a bound is about.
_KEYS = {("probecli", "http", 1000): "wait, http", ("probecli", "https", 200): "wait, https"}


def measured(setting: Setting) -> Outcome:
    """Errors of probecli and curl at each number in flight, http and https, one after another."""
    programs: dict[str, Callable[[Setting, Task], dict[str, float]]] = {"probecli": _probecli}
    if setting.tools.which("curl"):
        programs["curl"] = _curl
    tables: list[Table] = []
    data: list[dict[str, Any]] = []
    figures: dict[str, Figure] = {}
    for scheme in setting.schemes:
        rows: list[tuple[Cell, ...]] = []
        bounded: list[str | None] = []
        for in_flight in setting.accuracy:
            for name, waits_of in programs.items():
                if name == "curl" and in_flight > CURL_MOST_IN_FLIGHT:
                    setting.say(f"curl takes at most {CURL_MOST_IN_FLIGHT} in flight")
                    continue
                errors, slack = _errors(setting, scheme, in_flight, waits_of)
                if not errors:
                    setting.say(f"{name}, {scheme}, {in_flight} in flight: no result")
                    continue
                found = [quantile(errors, share) for share in (0.5, 0.99, 1.0)]
                own = quantile(slack, 0.99)
                row: tuple[Cell, ...] = (name, in_flight, len(errors), *found, own)
                setting.say(f"accuracy, {scheme}: {row}")
                key = _KEYS.get((name, scheme, in_flight))
                if key:
                    figures[key] = Figure(found[1])
                rows.append(row)
                bounded.append(key)
                keys = ("program", "in_flight", "n", "p50_ms", "p99_ms", "max_ms", "server_p99_ms")
                data.append({"scheme": scheme, **dict(zip(keys, row, strict=True))})
        title = f"Error of the time to first byte, {scheme}, answers held {DELAY_MS} ms"
        tables.append(judged(Table(title, _COLUMNS, tuple(rows)), bounded, figures))
    return Outcome(tuple(tables), data, figures)


def _errors(
    setting: Setting,
    scheme: str,
    in_flight: int,
    waits_of: Callable[[Setting, Task], dict[str, float]],
) -> tuple[list[float], list[float]]:
    count = min(2000, max(40, 10 * in_flight))
    with contextlib.ExitStack() as stack:
        listeners = [
            stack.enter_context(loopback.listener())
            for _ in range(loopback.ports_for(scheme, count))
        ]
        files = None
        if scheme == "https":
            named = (loopback.address(index) for index in range(loopback.TLS_ADDRESSES))
            files = certificates.issue(setting.directory, named)
        server = stack.enter_context(servers.delaying(listeners, files, DELAY_MS))
        ports = [loopback.port(one) for one in listeners]
        task = Task(
            urls=loopback.urls(scheme, ports, count),
            in_flight=in_flight,
            authority=files.authority if files else None,
            directory=setting.directory,
        )
        waits = waits_of(setting, task.written())
    delays = server.delays.delays_ms
    errors = [abs(wait - delays[path]) for path, wait in waits.items() if path in delays]
    return errors, server.delays.slack_ms


class _Timings(msgspec.Struct):
    wait: float | None


class _Result(msgspec.Struct):
    url: str
    timings_ms: _Timings


class _Snapshot(msgspec.Struct):
    targets: list[_Result]


def _probecli(setting: Setting, task: Task) -> dict[str, float]:
    output = task.directory / "accuracy.json"
    command = probecli_command(
        "check", "-", "-o", f"json={output}", "--concurrency", str(task.in_flight)
    )
    run(command, task.directory, limit_s=setting.limit_s, stdin=task.listed)
    snapshot = msgspec.json.decode(output.read_bytes(), type=_Snapshot)
    return {
        urlsplit(one.url).path: one.timings_ms.wait
        for one in snapshot.targets
        if one.timings_ms.wait is not None
    }


def _curl(setting: Setting, task: Task) -> dict[str, float]:
    authority = ["--cacert", str(task.authority)] if task.authority else []
    command = [
        setting.tools.which("curl") or "curl", "-s", "--parallel", "--parallel-max",
        str(task.in_flight), *authority,
        "-w", "%{url} %{time_pretransfer} %{time_starttransfer}\n", "-K", "curl",
    ]  # fmt: skip
    said = run(command, task.directory, limit_s=setting.limit_s).stdout.decode()
    waits = {}
    for url, before, after in map(str.split, said.splitlines()):
        waits[urlsplit(url).path] = (float(after) - float(before)) * 1000
    return waits

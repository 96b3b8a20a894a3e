"""The real-life mix against the shortest time that its script allows."""

import socket
from typing import Any

import msgspec

from benchmarks import loopback, servers
from benchmarks.bounds import Figure, judged, unlike
from benchmarks.measure import middle, run
from benchmarks.peers import probecli_command
from benchmarks.report import Table
from benchmarks.scripted import SLOW_S
from benchmarks.setting import Outcome, Setting

SIZE = 1_000
CONNECT_TIMEOUT_S = 2.0
ATTEMPTS = 3
INITIAL_S = 0.2
_SHARES = {"fast": 0.70, "slow": 0.10, "refused": 0.10, "hole": 0.05, "recover": 0.05}
_DEFAULTS = (
    f"defaults: {{timeout: 10s, connect_timeout: {CONNECT_TIMEOUT_S:g}s, "
    f"retry: {{attempts: {ATTEMPTS}, initial: {INITIAL_S * 1000:g}ms, jitter: none}}}}\n"
)


def ideal_s() -> float:
    """The longest chain of waits in the script, without a moment of work."""
    waits: list[float] = [INITIAL_S * 2.0**number for number in range(ATTEMPTS - 1)]
    chains = {
        "fast": 0.0,
        "slow": SLOW_S,
        "refused": sum(waits),
        "hole": ATTEMPTS * CONNECT_TIMEOUT_S + sum(waits),
        "recover": waits[0],
    }
    return max(chains.values())


def kinds(count: int) -> list[str]:
    """`count` kinds in their shares, evenly mixed so that no stretch of the list is of one kind."""
    whole = [kind for kind, share in _SHARES.items() for _ in range(round(share * count))]
    step = next(step for step in (617, 619, 631, 1) if len(whole) % step)
    return [whole[index * step % len(whole)] for index in range(len(whole))]


def measured(setting: Setting) -> Outcome:
    """A mix of 1,000 targets, several rounds."""
    size = min(SIZE, max(setting.sizes))
    taken: list[dict[str, Any]] = []
    for _ in range(setting.rounds):
        taken.append(_once(setting, kinds(size)))
        setting.say(f"mix: {taken[-1]}")
    ideal = ideal_s()
    row = (
        size,
        ideal,
        middle(one["wall_s"] for one in taken),
        middle(one["wall_s"] / ideal for one in taken),
        middle(one["run_s"] / ideal for one in taken),
        max(one["false_timeouts"] for one in taken),
        max(one["wrong"] for one in taken),
    )
    wrong = [f"{row[at]} {what}" for at, what in ((5, "false time-outs"), (6, "wrong")) if row[at]]
    figure = Figure(row[3], unlike("targets", size, SIZE), ", ".join(wrong) or None)
    figures = {"mix": figure}
    columns = (
        "targets", "ideal s", "wall s", "wall / ideal", "run / ideal", "false time-outs", "wrong"
    )  # fmt: skip
    table = judged(Table("Real-life mix", columns, (row,)), ("mix",), figures)
    return Outcome((table,), {"ideal_s": ideal, "rounds": taken}, figures)


class _Attempt(msgspec.Struct):
    cause: str | None


class _Result(msgspec.Struct):
    url: str
    state: str
    attempts: list[_Attempt]


class _Run(msgspec.Struct):
    duration_ms: float


class _Snapshot(msgspec.Struct):
    run: _Run
    targets: list[_Result]


def _once(setting: Setting, script: list[str]) -> dict[str, Any]:
    with (
        loopback.listener() as web,
        socket.create_server(("127.0.0.1", 0), backlog=0) as full,
        socket.socket() as closed,
        socket.socket() as first,
        socket.socket() as second,
        servers.scripted([web]),
    ):
        # Bound and not listening: it refuses, and nobody else can take the port.
        closed.bind(("127.0.0.1", 0))
        # A full accept queue drops SYNs as a firewall does.
        for sock in (first, second):
            sock.setblocking(False)
            sock.connect_ex(full.getsockname())
        port = {"refused": loopback.port(closed), "hole": loopback.port(full)}
        lines = [
            f"  - http://127.0.0.1:{port[kind]}/{kind}/{index}"
            if kind in port
            else f"  - http://{loopback.address(index)}:{loopback.port(web)}/{kind}/{index}"
            for index, kind in enumerate(script)
        ]
        output = setting.directory / "mix.json"
        text = f"version: 1\n{_DEFAULTS}targets:\n" + "\n".join(lines)
        command = probecli_command("check", "-", "-o", f"json={output}", "--per-host", "1000")
        cost = run(command, setting.directory, limit_s=setting.limit_s, stdin=text.encode())
    snapshot = msgspec.json.decode(output.read_bytes(), type=_Snapshot)
    false_timeouts = wrong = 0
    for result in snapshot.targets:
        kind = result.url.split("/")[3]
        timed_out = any("timed_out" in (one.cause or "") for one in result.attempts)
        false_timeouts += timed_out and kind in ("fast", "slow", "recover")
        wrong += result.state != ("down" if kind in port else "up")
    return {
        "wall_s": cost.wall_s,
        "run_s": snapshot.run.duration_ms / 1000,
        "false_timeouts": false_timeouts,
        "wrong": wrong,
    }

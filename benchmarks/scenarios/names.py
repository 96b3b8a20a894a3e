"""Names: how much longer a thousand slow names take than one."""

import socket

from benchmarks import loopback, servers
from benchmarks.bounds import Figure, judged, unlike
from benchmarks.measure import middle, paired, run
from benchmarks.peers import probecli_command, snapshot
from benchmarks.report import Table
from benchmarks.setting import Outcome, Setting

SIZE = 1_000
DELAY_MS = 200


def measured(setting: Setting) -> Outcome:
    """A thousand names, all at 127.0.0.1, over one, pair by pair."""
    many = min(SIZE, max(setting.sizes))
    walls: dict[int, list[float]] = {1: [], many: []}
    notes = []
    with (
        loopback.listener() as web,
        loopback.listener(socket.SOCK_DGRAM) as asked,
        servers.fast(setting.directory, [web], None),
        servers.names(asked, DELAY_MS),
    ):
        for _ in range(setting.rounds):
            for count in walls:
                targets = "".join(
                    f"  - http://n{index}.bench.test:{loopback.port(web)}/\n"
                    for index in range(count)
                )
                resolver = f"defaults: {{resolver: '127.0.0.1:{loopback.port(asked)}'}}\n"
                output = setting.directory / "names.json"
                cost = run(
                    probecli_command(
                        "check", "-", "-o", f"json={output}", "--concurrency", str(max(many, 1))
                    ),
                    setting.directory,
                    limit_s=setting.limit_s,
                    stdin=f"version: 1\n{resolver}targets:\n{targets}".encode(),
                )
                walls[count].append(cost.wall_s)
                up = snapshot(output)["summary"]["up"]
                if up != count:
                    notes.append(f"{up:,} of {count:,} up")
        setting.say(f"names: {walls}")
    ratio = paired(walls[many], walls[1])
    figures = {"names": Figure(ratio, unlike("names", many, SIZE), notes[0] if notes else None)}
    rows = ((1, middle(walls[1]), None), (many, middle(walls[many]), ratio))
    columns = ("names", "wall s", "x one name")
    table = Table(f"Names at {DELAY_MS} ms each", columns, rows, tuple(notes))
    return Outcome(
        (judged(table, (None, "names"), figures),),
        {"names": many, "delay_ms": DELAY_MS, "wall_s": walls, "over_one": ratio},
        figures,
    )

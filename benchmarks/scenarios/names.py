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
    """A thousand names, all at 127.0.0.1, over one, pair by pair.

    All are asked for at once where so many are to be in flight; else as fast as common name servers
    take them, which is shown beside and has no bound.
    """
    many = min(SIZE, max(setting.sizes))
    at_once = ("--concurrency", str(max(many, 1)))
    runs = ((1, at_once), (many, at_once), (many, ()))
    walls: list[list[float]] = [[] for _ in runs]
    notes = []
    with (
        loopback.listener() as web,
        loopback.listener(socket.SOCK_DGRAM) as asked,
        servers.fast(setting.directory, [web], None),
        servers.names(asked, DELAY_MS),
    ):
        for _ in range(setting.rounds):
            for wall, (count, options) in zip(walls, runs, strict=True):
                targets = "".join(
                    f"  - http://n{index}.bench.test:{loopback.port(web)}/\n"
                    for index in range(count)
                )
                resolver = f"defaults: {{resolver: '127.0.0.1:{loopback.port(asked)}'}}\n"
                output = setting.directory / "names.json"
                cost = run(
                    probecli_command("check", "-", "-o", f"json={output}", *options),
                    setting.directory,
                    limit_s=setting.limit_s,
                    stdin=f"version: 1\n{resolver}targets:\n{targets}".encode(),
                )
                wall.append(cost.wall_s)
                up = snapshot(output)["summary"]["up"]
                if up != count:
                    notes.append(f"{up:,} of {count:,} up")
        setting.say(f"names: {walls}")
    one, together, politely = walls
    ratio = paired(together, one)
    figures = {"names": Figure(ratio, unlike("names", many, SIZE), notes[0] if notes else None)}
    rows = (
        (1, "", middle(one), None),
        (many, " ".join(at_once), middle(together), ratio),
        (many, "", middle(politely), paired(politely, one)),
    )
    columns = ("names", "options", "wall s", "x one name")
    table = Table(f"Names at {DELAY_MS} ms each", columns, rows, tuple(notes))
    return Outcome(
        (judged(table, (None, "names", None), figures),),
        {
            "names": many,
            "delay_ms": DELAY_MS,
            "wall_s": {"one": one, "at_once": together, "default": politely},
            "over_one": ratio,
        },
        figures,
    )

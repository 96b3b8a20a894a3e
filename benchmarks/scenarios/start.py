"""Cold start: a whole process for one small thing, in turn with the peers."""

import sys

from benchmarks.bounds import Figure, judged
from benchmarks.measure import middle, paired, run
from benchmarks.peers import probecli_command
from benchmarks.report import Table
from benchmarks.scenarios.throughput import task
from benchmarks.setting import Outcome, Setting

_PASS, _VERSION, _URL = "python -c pass", "probecli --version", "probecli check URL -o json"
_KEYS = {_VERSION: "version", _URL: "one URL"}


def measured(setting: Setting) -> Outcome:
    """Medians of ten runs a round, each command in turn."""
    with task(setting, "http", 1) as (job, _):
        url = job.urls[0]
        host, _, port = url.removeprefix("http://").partition("/")[0].partition(":")
        tools = setting.tools
        commands = {
            _PASS: [sys.executable, "-c", "pass"],
            _VERSION: probecli_command("--version"),
            "probecli --help": probecli_command("--help"),
            "probecli check --help": probecli_command("check", "--help"),
            _URL: probecli_command("check", url, "-o", "json=one.json"),
        }
        for name, program, arguments in (
            ("curl URL", "curl", ["-s", "-o", "/dev/null", url]),
            ("httpie URL", "http", ["--ignore-stdin", "GET", url]),
            ("check_http URL", "check_http", ["-I", host, "-p", port, "-u", "/"]),
        ):
            found = tools.which(program)
            if found is None:
                setting.say(f"{name} skipped: {program} is not installed")
            else:
                commands[name] = [found, *arguments]
        walls: dict[str, list[float]] = {name: [] for name in commands}
        for number in range(10 * setting.rounds + 1):
            for name, command in commands.items():
                cost = run(command, setting.directory, limit_s=setting.limit_s)
                # The first of each fills the page cache.
                if number and cost.exit_code == 0:
                    walls[name].append(cost.wall_s * 1000)
    httpie = walls.get("httpie URL", [])
    rows = tuple(
        (name, middle(taken), paired(taken, walls[_PASS]), paired(taken, httpie))
        for name, taken in walls.items()
    )
    of = {name: (over_pass, over_httpie) for name, _, over_pass, over_httpie in rows}
    figures = {"version": Figure(of[_VERSION][0]), "one URL": Figure(of[_URL][1])}
    keys = ("command", "wall_ms", "over_pass", "over_httpie")
    data = [dict(zip(keys, row, strict=True)) for row in rows]
    table = Table(
        "Cold start",
        ("command", "wall ms", f"x {_PASS}", "x httpie"),
        rows,
        (f"The bound of {_VERSION} is one of x {_PASS}, that of {_URL} one of x httpie.",),
    )
    bounded = [_KEYS.get(name) for name in walls]
    return Outcome((judged(table, bounded, figures),), data, figures)

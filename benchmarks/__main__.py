"""The benchmarks' command: `python -m benchmarks [SCENARIO]...`; see docs/benchmarks.md."""

import argparse
import compileall
import contextlib
import os
import platform
import resource
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

import probecli
from benchmarks import bounds
from benchmarks.peers import CURL_MOST_IN_FLIGHT, Tools, probecli_command
from benchmarks.report import bars, markdown
from benchmarks.scenarios import (
    accuracy,
    growth,
    memory,
    mix,
    names,
    start,
    table,
    throughput,
)
from benchmarks.setting import Outcome, Setting

SCENARIOS: dict[str, Callable[[Setting], Outcome]] = {
    "throughput": throughput.measured,
    "growth": growth.measured,
    "table": table.measured,
    "mix": mix.measured,
    "accuracy": accuracy.measured,
    "names": names.measured,
    "start": start.measured,
    "memory": memory.measured,
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the scenarios asked for, prints their tables, and writes JSON and plot."""
    options = _options().parse_args(arguments)
    unknown = set(options.scenario) - set(SCENARIOS)
    if unknown:
        _options().error(f"no scenario {', '.join(sorted(unknown))}: {', '.join(SCENARIOS)}")
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    # Ended by a signal, everything that was started is ended too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    _compile()
    outcomes: dict[str, Outcome] = {}
    with tempfile.TemporaryDirectory(prefix="probecli-bench-") as place:
        setting = _setting(options, Path(place))
        with contextlib.suppress(KeyboardInterrupt):
            for name in options.scenario or SCENARIOS:
                outcomes[name] = SCENARIOS[name](setting)
                for printed in outcomes[name].tables:
                    sys.stdout.write(f"{markdown(printed)}\n\n")
                sys.stdout.flush()
    figures = {key: one for outcome in outcomes.values() for key, one in outcome.figures.items()}
    sys.stdout.write(f"{markdown(bounds.summary(outcomes, figures))}\n")
    if options.json:
        data = {name: outcome.data for name, outcome in outcomes.items()}
        judged = bounds.data(outcomes, figures)
        written = msgspec.json.encode({"machine": _machine(), "bounds": judged, **data})
        Path(options.json).write_bytes(msgspec.json.format(written, indent=1) + b"\n")
    if options.plot and "throughput" in outcomes:
        Path(options.plot).write_text(_plot(outcomes["throughput"].data), "utf-8")
    return 0


def _compile() -> None:
    """As an installation leaves it: else a start compiles whatever was edited since."""
    compileall.compile_dir(Path(probecli.__file__).parent, quiet=2)


def _setting(options: argparse.Namespace, place: Path) -> Setting:
    def say(text: str) -> None:
        sys.stderr.write(f"{text}\n")

    workers = options.workers
    if workers and not _has_workers():
        say("this probecli has no --workers: left out")
        workers = None
    return Setting(
        directory=place,
        tools=Tools(python=options.peers_python, workers=workers),
        sizes=(*options.sizes, 50_000) if options.full else options.sizes,
        schemes=tuple(options.schemes.split(",")),
        in_flight=options.in_flight,
        rounds=options.rounds,
        limit_s=options.limit,
        budget_s=options.budget,
        only=tuple(options.only.split(",")) if options.only else (),
        accuracy=options.accuracy,
        growth=options.growth,
        memory=options.memory,
        table=options.table,
        say=say,
    )


def _options() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    add = parser.add_argument
    add("scenario", nargs="*", help=f"of {', '.join(SCENARIOS)}; all without any")
    add(
        "--sizes",
        type=_numbers,
        default="100,1000,10000",
        help="numbers of targets (default %(default)s)",
    )
    add("--full", action="store_true", help="50,000 targets as well")
    add("--schemes", default="http,https", help="http, https or both (default)")
    add("--rounds", type=int, default=3, help="runs of each program (default %(default)s)")
    add(
        "--in-flight",
        type=int,
        default=200,
        help=f"probes at once (default %(default)s); curl takes at most {CURL_MOST_IN_FLIGHT}",
    )
    add(
        "--workers", default="2", help="a second row for probecli with so many (default 2; '' none)"
    )
    add(
        "--accuracy",
        type=_numbers,
        default="1,50,200,1000",
        help="in flight, for accuracy (%(default)s)",
    )
    add(
        "--growth",
        type=lambda text: _numbers(text, 2),
        default=_said(growth.SIZES),
        help="a small and a large number of targets (%(default)s)",
    )
    add(
        "--memory",
        type=lambda text: _numbers(text, 4),
        default=_said(memory.SIZES),
        help="from, to while results are in memory, from, to on disk (%(default)s)",
    )
    add("--table", type=int, default=table.SIZE, help="targets for the live table (%(default)s)")
    add("--only", help="programs whose name has one of these words, like probecli,curl")
    add("--peers-python", default=sys.executable, help="interpreter that has aiohttp and httpie")
    add("--limit", type=int, default=120, help="seconds that one run may take (%(default)s)")
    add(
        "--budget",
        type=float,
        default=120,
        help="seconds after which no further round of one size begins (%(default)s)",
    )
    add("--json", metavar="FILE", help="write every figure and sample")
    add("--plot", metavar="FILE", help="write a plot of the largest size, in SVG")
    return parser


def _numbers(text: str, count: int | None = None) -> tuple[int, ...]:
    """Numbers between commas, each larger than the one before where there must be so many."""
    numbers = tuple(int(one) for one in text.split(","))
    if count and (len(numbers) != count or list(numbers) != sorted({*numbers}) or numbers[0] < 2):
        raise argparse.ArgumentTypeError(f"{count} numbers from 2 on, each above the one before")
    return numbers


def _said(numbers: Sequence[int]) -> str:
    return ",".join(map(str, numbers))


def _has_workers() -> bool:
    done = subprocess.run(
        probecli_command("check", "--help"),
        capture_output=True,
        env={**os.environ, "NO_COLOR": "1"},
    )
    return b"--workers" in done.stdout


def _machine() -> dict[str, Any]:
    return {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "system": platform.platform(),
        "python": platform.python_version(),
        "cores": os.cpu_count(),
        "load": os.getloadavg()[0],
    }


def _plot(data: Sequence[dict[str, Any]]) -> str:
    groups = []
    for scheme in dict.fromkeys(row["scheme"] for row in data):
        largest = max(row["targets"] for row in data if row["scheme"] == scheme)
        groups.append(
            (
                f"{scheme}, {largest:,} targets",
                [
                    (row["program"], row["targets_per_s"])
                    for row in data
                    if row["scheme"] == scheme and row["targets"] == largest
                ],
            )
        )
    return bars(groups, "/s")


if __name__ == "__main__":
    sys.exit(main())

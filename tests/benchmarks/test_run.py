"""The benchmarks with a handful of targets: that they run, end and measure what they say."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LINUX = pytest.mark.skipif(sys.platform != "linux", reason="the benchmarks need Linux")


@LINUX
def test_a_tiny_run_writes_its_figures_and_a_plot(tmp_path: Path) -> None:
    figures, plot = tmp_path / "figures.json", tmp_path / "plot.svg"
    done = subprocess.run(
        [
            *(sys.executable, "-m", "benchmarks", "throughput", "accuracy"),
            *("--sizes", "3", "--rounds", "1", "--accuracy", "3", "--only", "probecli"),
            *("--workers", "", "--schemes", "https", "--limit", "30"),
            *("--json", str(figures), "--plot", str(plot)),
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    assert "### https, 3 targets" in done.stdout
    written = json.loads(figures.read_text())
    assert [(row["program"], row["samples"][0]["answered"]) for row in written["throughput"]] == [
        ("probecli", 3),
        ("probecli, default", 3),
    ]
    (exact,) = [row for row in written["accuracy"] if row["program"] == "probecli"]
    assert exact["n"] == 40
    assert plot.read_text().startswith("<svg")


@LINUX
def test_a_tiny_run_of_what_grows_ends_with_its_bounds(tmp_path: Path) -> None:
    figures = tmp_path / "figures.json"
    done = subprocess.run(
        [
            *(sys.executable, "-m", "benchmarks", "growth", "table", "memory"),
            *("--growth", "2,4", "--table", "3", "--memory", "2,3,4,5"),
            *("--rounds", "1", "--limit", "30", "--json", str(figures)),
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    assert done.stdout.rpartition("### ")[2].startswith("Bounds\n")
    written = json.loads(figures.read_text())
    assert written["growth"]["wall_s"][0].keys() == {"1", "2", "4"}
    assert [len(walls) for walls in written["table"]["wall_s"].values()] == [8, 8]
    assert written["memory"]["peak_kib"].keys() == {"2", "3", "4", "5"}
    assert {row["bound"]: row["remark"] for row in written["bounds"]} == {
        "growth": "2 targets, not 1,000",
        "table": "3 targets, not 10,000",
        "memory held": "2 to 3 targets",
        "memory spooled": "in memory up to 10,000 targets",
    }


@LINUX
def test_a_terminal_has_its_size_and_all_that_was_drawn_is_read(tmp_path: Path) -> None:
    from benchmarks.terminal import run_on_terminal

    script = (
        "import os, sys; print(*os.get_terminal_size(2), os.environ['TERM'], sys.stdin.isatty());"
        "print('x' * 500_000)"
    )
    cost = run_on_terminal([sys.executable, "-c", script], tmp_path)
    first, second = cost.stdout.split()[:4], cost.stdout.split()[4]

    assert cost.exit_code == 0
    assert first == [b"120", b"40", b"xterm-256color", b"False"]
    assert len(second) == 500_000


@LINUX
@pytest.mark.parametrize("numbers", ["2", "4,2", "2,2", "1,4", "2,3,4"])
def test_sizes_that_cannot_grow_are_refused(numbers: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks", "growth", "--growth", numbers],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 2
    assert "2 numbers from 2 on, each above the one before" in done.stderr


@LINUX
def test_a_command_that_takes_too_long_is_killed(tmp_path: Path) -> None:
    from benchmarks.measure import run

    cost = run(["sleep", "60"], tmp_path, limit_s=1)

    assert cost.exit_code is None
    assert cost.wall_s < 30


@LINUX
def test_cost_counts_the_command_and_not_what_started_it(tmp_path: Path) -> None:
    from benchmarks.measure import run

    burden = bytearray(100 << 20)
    cost = run([sys.executable, "-S", "-c", "sum(range(2_000_000))"], tmp_path)

    assert len(burden)
    assert cost.exit_code == 0
    assert cost.peak_kib < 50 << 10
    assert cost.cpu_s > 0

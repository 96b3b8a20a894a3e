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

"""What one run of a command cost, and medians of many."""

import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from statistics import median

import msgspec

_SPAWN = Path(__file__).with_name("spawn.py")


class Cost(msgspec.Struct, frozen=True, kw_only=True):
    """Seconds of wall and CPU (children included), and KiB of the largest process at its peak.

    `exit_code` is None when the time limit ended the command.
    """

    wall_s: float
    cpu_s: float
    peak_kib: int
    exit_code: int | None
    stdout: bytes = b""
    stderr: bytes = b""


def run(command: Sequence[str], directory: Path, *, limit_s: int = 120, stdin: bytes = b"") -> Cost:
    """Runs `command` to its end in `directory`; kills it after `limit_s` seconds."""
    return run_into(command, directory, limit_s=limit_s, stdin=stdin)


def run_into(
    command: Sequence[str],
    directory: Path,
    *,
    limit_s: int,
    stdin: bytes = b"",
    env: Mapping[str, str] | None = None,
    stdout: int = subprocess.PIPE,
    stderr: int = subprocess.PIPE,
) -> Cost:
    """The same with an environment of its own, and with output that goes where it is told to."""
    report = directory / "cost.json"
    report.unlink(missing_ok=True)
    outer = [sys.executable, "-I", "-S", str(_SPAWN), str(report), str(limit_s), *command]
    process = subprocess.Popen(
        outer, cwd=directory, env=env, stdin=subprocess.PIPE, stdout=stdout, stderr=stderr
    )
    try:
        said, complained = process.communicate(stdin)
    except BaseException:
        process.terminate()
        process.wait()
        raise
    cost = msgspec.json.decode(report.read_bytes(), type=Cost)
    return msgspec.structs.replace(cost, stdout=said or b"", stderr=complained or b"")


def middle(values: Iterable[float | None]) -> float | None:
    """The median of what is known; None without any."""
    known = [value for value in values if value is not None]
    return median(known) if known else None


def paired(ours: Sequence[float], theirs: Sequence[float]) -> float | None:
    """The median of `ours` over `theirs`, pair by pair, so that drift of the machine cancels."""
    return middle(one / other for one, other in zip(ours, theirs, strict=False) if other)


def quantile(values: Sequence[float], share: float) -> float:
    """The value that `share` of the values do not exceed; values must not be empty."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]

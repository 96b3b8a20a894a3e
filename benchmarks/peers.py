"""Who is measured: one row a program, each with its command for the same list."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec
from msgspec import Struct

from benchmarks.measure import Cost, run

_CLIENTS = Path(__file__).parent / "clients"
# The largest --parallel-max that curl 7.88 takes (MAX_PARALLEL in its tool_main.h).
CURL_MOST_IN_FLIGHT = 300


class Tools(Struct, frozen=True, kw_only=True):
    """The programs at hand; `python` is the interpreter that has the peers' packages."""

    python: str
    workers: str | None = None

    def which(self, *names: str) -> str | None:
        """The first of `names` beside the peers' interpreter or on the path."""
        extra = [str(Path(self.python).parent), "/usr/lib/nagios/plugins", "/usr/sbin"]
        path = os.pathsep.join([*extra, os.environ.get("PATH", "")])
        return next((found for name in names if (found := shutil.which(name, path=path))), None)

    def has_module(self, name: str) -> bool:
        """Whether the peers' interpreter can import `name`."""
        done = subprocess.run([self.python, "-c", f"import {name}"], capture_output=True)
        return done.returncode == 0


class Task(Struct, frozen=True, kw_only=True):
    """One list to probe: `authority` is the CA file of an https list."""

    urls: Sequence[str]
    in_flight: int
    authority: Path | None
    directory: Path

    def written(self) -> "Task":
        """Writes the list in every form that a peer reads: lines, curl's, a target file."""
        lines = "\n".join(self.urls)
        (self.directory / "list").write_text(lines + "\n")
        curl = "\n".join(f'url = "{url}"\noutput = /dev/null' for url in self.urls)
        (self.directory / "curl").write_text(curl + "\n")
        defaults = f"defaults: {{tls: {{ca_file: {self.authority}}}}}\n" if self.authority else ""
        targets = "\n".join(f"  - {url}" for url in self.urls)
        (self.directory / "targets.yaml").write_text(f"version: 1\n{defaults}targets:\n{targets}\n")
        return self

    @property
    def listed(self) -> bytes:
        """What standard input holds: plain lines, or a target file where a CA must be named."""
        name = "targets.yaml" if self.authority else "list"
        return (self.directory / name).read_bytes()


class Sample(Struct, frozen=True, kw_only=True):
    """One run of one peer; `answered` counts the targets that answered 200."""

    answered: int
    wall_s: float
    cpu_s: float
    peak_kib: int


class Peer(Struct, frozen=True):
    """A program: why it cannot run here (None when it can), and one run of it."""

    name: str
    missing: Callable[[Tools], str | None]
    sample: Callable[[Tools, Task, int], Sample | None]


def probecli_command(*arguments: str) -> list[str]:
    """probecli as this interpreter has it installed, by its console script."""
    script = Path(sys.executable).with_name("probecli")
    return [str(script), *arguments] if script.exists() else _module(*arguments)


def _module(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "probecli", *arguments]


def _probecli(task: Task, limit_s: int, *options: str) -> Sample | None:
    output = task.directory / "out.json"
    output.unlink(missing_ok=True)
    command = probecli_command("check", "-", "-o", f"json={output}", *options)
    cost = run(command, task.directory, limit_s=limit_s, stdin=task.listed)
    return _sampled(cost, lambda: snapshot(output)["summary"]["up"])


def snapshot(path: Path) -> dict[str, dict[str, int]]:
    """The counts of a snapshot that probecli wrote."""
    if not path.exists():
        return {"summary": {"up": 0}}
    return {"summary": msgspec.json.decode(path.read_bytes(), type=_Counted).summary}


class _Counted(Struct):
    summary: dict[str, int]


def _curl(tools: Tools, task: Task, limit_s: int) -> Sample | None:
    program = tools.which("curl") or "curl"
    authority = ["--cacert", str(task.authority)] if task.authority else []
    command = [
        program, "-s", "--parallel", "--parallel-max", str(task.in_flight), *authority,
        "-w", "%{http_code}\n", "-K", "curl",
    ]  # fmt: skip
    cost = run(command, task.directory, limit_s=limit_s)
    return _sampled(cost, lambda: cost.stdout.split().count(b"200"))


def _client(name: str, *programs: str) -> Callable[[Tools, Task, int], Sample | None]:
    def sample(tools: Tools, task: Task, limit_s: int) -> Sample | None:
        command = [
            tools.python, str(_CLIENTS / name), "list", str(task.in_flight),
            str(task.authority or "-"), *(tools.which(one) or one for one in programs),
        ]  # fmt: skip
        cost = run(command, task.directory, limit_s=limit_s)
        if cost.exit_code != 0:
            return None
        told = {"wall_s": cost.wall_s, "cpu_s": cost.cpu_s, "peak_kib": cost.peak_kib}
        return msgspec.convert({**told, **msgspec.json.decode(cost.stdout)}, Sample)

    return sample


def _sampled(cost: Cost, answered: Callable[[], int]) -> Sample | None:
    if cost.exit_code is None:
        return None
    return Sample(answered=answered(), wall_s=cost.wall_s, cpu_s=cost.cpu_s, peak_kib=cost.peak_kib)


def _needs(*names: str) -> Callable[[Tools], str | None]:
    return lambda tools: next(
        (f"{name} is not installed" for name in names if tools.which(name) is None), None
    )


def _needs_module(name: str) -> Callable[[Tools], str | None]:
    return lambda tools: None if tools.has_module(name) else f"{name} is not installed"


def _own(name: str, workers: str) -> Peer:
    def sample(tools: Tools, task: Task, limit_s: int) -> Sample | None:
        in_flight = ("--concurrency", str(task.in_flight))
        return _probecli(task, limit_s, *in_flight, "--workers", workers)

    return Peer(name, lambda _: None, sample)


PROBECLI = "probecli"
CURL = "curl --parallel"
EXPORTER = "prometheus-blackbox-exporter"

# One process, and as many probes in flight as every other program has.
ONE_PROCESS = _own(PROBECLI, "1")
# Nobody asks for a number: processes by the size of the list, probes by the event loop's lag.
_DEFAULT = Peer(f"{PROBECLI}, default", lambda _: None, lambda _, task, s: _probecli(task, s))


def peers(workers: str | None) -> list[Peer]:
    """The rows of the throughput table, ourselves first; `workers` adds a row of several."""
    rows = [ONE_PROCESS]
    if workers:
        rows.append(_own(f"{PROBECLI} --workers {workers}", workers))
    rows.append(_DEFAULT)
    return [
        *rows,
        Peer(CURL, _needs("curl"), _curl),
        Peer(
            "blackbox_exporter", _needs(EXPORTER, "curl"), _client("blackbox.py", EXPORTER, "curl")
        ),
        Peer("httpx, own pool", _needs_module("httpx"), _client("httpx_pool.py")),
        Peer("aiohttp", _needs_module("aiohttp"), _client("aiohttp_session.py")),
    ]

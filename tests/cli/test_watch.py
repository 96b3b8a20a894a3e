"""`probecli watch` as its user runs it: on a real terminal, on a pipe, and under signals."""

import contextlib
import fcntl
import json
import os
import pty
import select
import signal
import struct
import sys
import termios
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pyte
import pytest

from cli.conftest import ENVIRONMENT, Server, probecli, started

PATIENCE_S = 20.0


class Terminal:
    """The command in a session of its own on a terminal, and the screen a person would see.

    With `shell` an interactive shell is between, which does job control.
    """

    def __init__(self, *arguments: str, columns: int = 80, lines: int = 24, shell: bool = False):
        self.screen = pyte.Screen(columns, lines)
        self._decoder = pyte.ByteStream(self.screen)
        self.raw = b""
        command = [sys.executable, "-m", "probecli", "watch", *arguments]
        env = {name: value for name, value in ENVIRONMENT.items() if name not in ("CI", "NO_COLOR")}
        env |= {"TERM": "xterm-256color", "LANG": "C.UTF-8", "PS1": "shell> "}
        self.pid, self._fd = pty.fork()
        if self.pid == 0:
            size = struct.pack("HHHH", lines, columns, 0, 0)
            fcntl.ioctl(0, termios.TIOCSWINSZ, size)
            if shell:
                env["WATCH"] = " ".join(command)
                command = ["bash", "--norc", "--noprofile", "--noediting", "-i"]
            os.execvpe(command[0], command, env)
        self.code: int | None = None

    def close(self) -> None:
        if self.code is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
        with contextlib.suppress(OSError):
            os.close(self._fd)

    def text(self) -> str:
        return "\n".join(line.rstrip() for line in self.screen.display)

    def _read(self) -> bool:
        if not select.select([self._fd], [], [], PATIENCE_S)[0]:
            raise AssertionError(f"nothing more came after:\n{self.text()}")
        try:
            data = os.read(self._fd, 65_536)
        except OSError:
            return False
        self.raw += data
        # pyte does not know the alternate screen, and would print what it cannot parse.
        self._decoder.feed(data)
        return bool(data)

    def until(self, *words: str, gone: str | None = None) -> str:
        """Wait for a screen with all of `words`, and without `gone`."""
        end = time.monotonic() + PATIENCE_S
        while not all(word in self.text() for word in words) or (gone and gone in self.text()):
            if time.monotonic() > end or not self._read():
                raise AssertionError(f"not seen {words!r} on:\n{self.text()}")
        return self.text()

    def until_raw(self, seen: Callable[[bytes], bool]) -> None:
        while not seen(self.raw):
            assert self._read(), self.text()

    def press(self, keys: str) -> None:
        os.write(self._fd, keys.encode())

    def resize(self, columns: int, lines: int) -> None:
        self.screen.resize(lines, columns)
        fcntl.ioctl(self._fd, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))

    def is_cooked(self) -> bool:
        flags = termios.tcgetattr(self._fd)[3]
        return bool(flags & termios.ICANON and flags & termios.ECHO)

    def finish(self) -> int:
        """Read to the end; the exit code."""
        end = time.monotonic() + PATIENCE_S
        while self._read():
            assert time.monotonic() < end, f"it does not end:\n{self.text()}"
        _, status = os.waitpid(self.pid, 0)
        self.code = os.waitstatus_to_exitcode(status)
        return self.code

    @property
    def gave_back(self) -> bool:
        """Whether the alternate screen was left and the cursor shown, after all else."""
        left = self.raw.rfind(b"\x1b[?1049l")
        return left > self.raw.rfind(b"\x1b[?1049h") and self.raw.rfind(
            b"\x1b[?25h"
        ) > self.raw.rfind(b"\x1b[?25l")


@pytest.fixture
def targets(server: Server, tmp_path: Path) -> Path:
    path = tmp_path / "targets.yaml"
    path.write_text(
        f"""version: 1
vantage: paris-1
defaults: {{retry: {{attempts: 1}}}}
targets:
  - {{name: shop, url: "{server.url}/200", group: trade}}
  - {{name: bank, url: "{server.url}/503", group: money}}
  - {{name: post, url: "{server.url}/404", group: letters}}
"""
    )
    return path


@pytest.fixture
def terminal() -> Iterator[Callable[..., Terminal]]:
    opened: list[Terminal] = []

    def start(*arguments: str, columns: int = 80, lines: int = 24, shell: bool = False) -> Terminal:
        one = Terminal(*arguments, columns=columns, lines=lines, shell=shell)
        opened.append(one)
        return one

    yield start
    for one in opened:
        one.close()


Start = Callable[..., Terminal]


def test_q_ends_with_the_gate_and_gives_the_terminal_back(terminal: Start, targets: Path) -> None:
    watch = terminal(str(targets))
    text = watch.until("round 1", "next in")
    lines = text.splitlines()

    assert lines[0].startswith(" probecli watch · paris-1 · every 30 s · next in ")
    assert "2 down · 1 up   Gate failed: 2 down, 0 allowed" in lines[1]
    assert text.index("bank") < text.index("shop")
    assert not watch.is_cooked()
    watch.press("q")

    assert watch.finish() == 1
    assert watch.gave_back
    assert watch.is_cooked()
    assert b"Watched 3 targets" in watch.raw
    assert "http.error: 503 Service Unavailable" in watch.text()


def test_the_keys_work_and_the_table_survives_a_resize(terminal: Start, targets: Path) -> None:
    watch = terminal(str(targets), columns=120, lines=40)
    text = watch.until("round 1", "next in")
    assert "http.error: 503 Service Unavailable, expected 200-399" in text
    assert "GROUP" in text

    watch.press("p")
    watch.until("PAUSED")
    watch.press("r")
    watch.until("PAUSED", "round 2")
    watch.press("p")
    watch.until("next in", gone="PAUSED")
    watch.press("s")
    assert watch.until("sort: name").index("bank") < watch.until("sort: name").index("post")
    watch.press("\x1b[B")
    watch.until(">✗ down      post")
    mark = len(watch.raw)
    watch.resize(60, 12)
    watch.until_raw(lambda raw: b"\x1b[2J" in raw[mark:])
    watch.until(">✗ down      post", "q quit")
    watch.press("/lett")
    watch.until("Filter: lett_", gone="bank")
    watch.press("\r")
    watch.until("filter: lett")
    watch.press("?")
    watch.until("any key returns")
    watch.press("x")
    watch.resize(80, 24)
    watch.until("filter: lett", "404")
    watch.press("q")

    assert watch.finish() == 1


def test_explain_shows_the_selected_target_and_any_key_returns(
    terminal: Start, targets: Path
) -> None:
    watch = terminal(str(targets), lines=60)
    watch.until("round 1", "next in")
    watch.press("e")
    watch.until("Diagnosis", "Phases", "503 Service Unavailable", gone="CHANGES")
    watch.press("x")
    watch.until("q quit", gone="Diagnosis")
    watch.press("q")

    assert watch.finish() == 1


@pytest.mark.parametrize(
    ("end", "code"),
    [("\x03", 130), (signal.SIGTERM, 143), (signal.SIGHUP, 143)],
    ids=["ctrl-c", "term", "hup"],
)
def test_signals_end_it_and_give_the_terminal_back(
    terminal: Start, targets: Path, end: str | signal.Signals, code: int
) -> None:
    watch = terminal(str(targets))
    watch.until("next in")
    if isinstance(end, str):
        watch.press(end)
    else:
        os.kill(watch.pid, end)

    assert watch.finish() == code
    assert watch.gave_back
    assert watch.is_cooked()


def test_a_signal_while_a_round_hangs_ends_it_at_once(terminal: Start, server: Server) -> None:
    watch = terminal(f"{server.url}/hold", "--timeout", "10m")
    server.wait_until_asked()
    watch.until("probing 0 of 1")
    watch.press("\x03")

    assert watch.finish() == 130
    assert watch.gave_back


def test_a_terminal_that_goes_away_ends_it(targets: Path, terminal: Start) -> None:
    watch = terminal(str(targets))
    watch.until("next in")
    os.close(watch._fd)
    end = time.monotonic() + PATIENCE_S
    while (gone := os.waitpid(watch.pid, os.WNOHANG)) == (0, 0) and time.monotonic() < end:
        time.sleep(0.01)

    watch.code = os.waitstatus_to_exitcode(gone[1])
    assert gone[0] == watch.pid
    assert watch.code == 143


def test_ctrl_z_gives_the_terminal_back_and_fg_takes_it_again(
    terminal: Start, targets: Path
) -> None:
    watch = terminal(str(targets), shell=True)
    watch.until("shell>")
    watch.press(f"$WATCH {targets}\n")
    watch.until("next in")
    watch.press("\x1a")
    watch.until_raw(lambda raw: b"Stopped" in raw)
    assert watch.gave_back
    watch.until_raw(lambda raw: raw.endswith(b"shell> "))
    watch.press("stty -a | grep -o ' icanon'; echo back $((40 + 2))\n")
    watch.until_raw(lambda raw: b"back 42" in raw)
    assert b"\r\n icanon" in watch.raw
    mark = len(watch.raw)
    watch.press("fg\n")
    watch.until_raw(lambda raw: b"\x1b[?1049h" in raw[mark:] and b"q\x1b[0m" in raw[mark:])
    watch.press("p")
    watch.until("PAUSED")
    assert not watch.is_cooked()
    watch.press("q")
    watch.until_raw(lambda raw: raw.endswith(b"shell> "))
    assert watch.gave_back


def test_without_a_terminal_it_prints_one_line_a_change_and_nothing_else(
    targets: Path, server: Server
) -> None:
    done = probecli("watch", str(targets), "--every", "10ms", "--rounds", "3")

    assert done.returncode == 1
    assert done.stderr == ""
    lines = sorted(line.partition("Z ")[2] for line in done.stdout.splitlines())
    assert lines == [
        "bank: new -> down, http.error: 503 Service Unavailable, expected 200-399",
        "post: new -> down, http.error: 404 Not Found, expected 200-399",
    ]


def test_the_newest_snapshot_is_written_each_round(targets: Path, tmp_path: Path) -> None:
    path = tmp_path / "now.json"
    done = probecli(
        *("watch", str(targets), "--every", "10ms", "--rounds", "2", "-o", f"json={path}"),
        *("-o", f"prometheus={tmp_path / 'now.prom'}"),
    )

    assert done.returncode == 1
    snapshot = json.loads(path.read_text())
    assert snapshot["summary"] == {"total": 3, "up": 1, "degraded": 0, "down": 2, "unknown": 0}
    assert snapshot["run"]["complete"] is True
    assert sorted(one.name for one in tmp_path.iterdir()) == [
        "now.json",
        "now.prom",
        "targets.yaml",
    ]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("-o", "json"), "watch has standard output for itself"),
        (("-o", "jsn=x"), "did you mean json?"),
        (("--notify", "nosuch://secret"), "--notify number 1"),
        (("--every", "0s"), "must be more than 0"),
    ],
)
def test_mistakes_are_told_before_anything_is_probed(
    targets: Path, arguments: tuple[str, ...], words: str
) -> None:
    done = probecli("watch", str(targets), *arguments)

    assert done.returncode == 2
    assert words in done.stderr
    assert "secret" not in done.stderr


def test_on_change_gets_the_change(targets: Path, tmp_path: Path) -> None:
    log = tmp_path / "log"
    command = f"cat >> '{log}'"
    done = probecli("watch", str(targets), "--rounds", "1", "--on-change", command)

    assert done.returncode == 1
    changes = [json.loads(line) for line in log.read_text().splitlines()]
    assert sorted((one["name"], one["from"], one["to"]) for one in changes) == [
        ("bank", None, "down"),
        ("post", None, "down"),
    ]


def test_on_change_gets_the_limit_of_descriptors_that_the_shell_had_set(
    targets: Path, tmp_path: Path
) -> None:
    log = tmp_path / "log"
    on_change = ("--on-change", f"ulimit -S -n >> '{log}'")
    probecli("watch", str(targets), "--rounds", "1", *on_change, shell="ulimit -S -n 301")
    assert log.read_text() == "301\n" * 2


def test_the_history_is_recorded_and_says_since_when(targets: Path, tmp_path: Path) -> None:
    history = tmp_path / "history.sqlite"
    for number in range(2):
        out = tmp_path / f"{number}.json"
        done = probecli(
            *("watch", str(targets), "--every", "10ms", "--rounds", "2"),
            *("--history", str(history), "-o", f"json={out}"),
        )
        assert done.returncode == 1, done.stderr
    first, last = (json.loads((tmp_path / f"{number}.json").read_text()) for number in range(2))
    since = [one["since"] for one in first["targets"]]
    assert since[1] is not None
    assert since == [one["since"] for one in last["targets"]]


def test_ctrl_c_without_a_terminal_is_130(targets: Path) -> None:
    process = started("watch", str(targets))
    assert process.stdout is not None
    process.stdout.readline()
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=PATIENCE_S)

    assert process.returncode == 130

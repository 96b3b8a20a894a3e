"""A loopback web server on every address of 127/8 that answers when a test lets it."""

import json
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from cli.conftest import ENVIRONMENT

TARGETS = 20

needs_linux = pytest.mark.skipif(
    not Path("/proc/self/task").exists(), reason="needs /proc, and all of 127/8"
)


def children(pid: int) -> list[int]:
    """The processes that `pid` started."""
    listed = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    return [int(child) for child in listed.split()]


class _Handler(BaseHTTPRequestHandler):
    server: "Gate"

    def do_GET(self) -> None:
        self.server.let_through(f"{self.headers['Host']}{self.path}")
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *arguments: object) -> None:
        pass


class Gate(ThreadingHTTPServer):
    """Holds every request until `opened`, one for what was asked before until `opened_again`.

    `asked` and `asked_again` count the requests that have come.
    """

    daemon_threads = True
    request_queue_size = 100

    def __init__(self) -> None:
        super().__init__(("0.0.0.0", 0), _Handler)
        self.opened, self.opened_again = threading.Event(), threading.Event()
        self.asked, self.asked_again = threading.Semaphore(0), threading.Semaphore(0)
        self._seen: set[str] = set()
        self._lock = threading.Lock()

    def let_through(self, what: str) -> None:
        """Returns when the request may be answered."""
        with self._lock:
            again = what in self._seen
            self._seen.add(what)
        (self.asked_again if again else self.asked).release()
        (self.opened_again if again else self.opened).wait()

    @property
    def seen(self) -> int:
        """How many different things were asked for."""
        return len(self._seen)

    def urls(self, number: int) -> list[str]:
        """So many targets, each on a host of its own."""
        return [f"http://127.0.1.{host}:{self.server_port}/" for host in range(1, number + 1)]

    def open_all(self) -> None:
        """Nothing is held any more."""
        self.opened.set()
        self.opened_again.set()


def wait_for(times: int, semaphore: threading.Semaphore) -> None:
    """Returns once the semaphore was released so often."""
    for _ in range(times):
        assert semaphore.acquire(timeout=30)


@contextmanager
def serving() -> Iterator[Gate]:
    """A gate that serves, and holds nothing once the block ends."""
    with Gate() as gate:
        thread = threading.Thread(target=gate.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield gate
        finally:
            gate.open_all()
            gate.shutdown()
            thread.join()


class Shared:
    """A check by two processes, each with one request that the gate holds.

    Without `targets`, as a target file has them, there are so many as `TARGETS`. `broken` is what
    breaks it: Python run first, in which `parent` is the number of the process.
    """

    def __init__(
        self,
        gate: Gate,
        folder: Path,
        *options: str,
        broken: str = "",
        targets: Sequence[object] = (),
    ) -> None:
        file = folder / "targets.json"
        defaults = {"timeout": "10m", "retry": {"attempts": 1}}
        file.write_text(
            json.dumps({"defaults": defaults, "targets": [*(targets or gate.urls(TARGETS))]})
        )
        self._out = folder / "out.json"
        line = [
            *("probecli", "check", str(file), "--workers", "2", "--concurrency", "2"),
            *("-o", f"json={self._out}", *options),
        ]
        program = (
            f"import os, signal, sys\nparent = os.getpid()\n{broken}\nsys.argv = {line!r}\n"
            "from probecli.__main__ import main\nmain()\n"
        )
        self.process = subprocess.Popen(
            [sys.executable, "-c", program],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=ENVIRONMENT,
        )
        wait_for(2, gate.asked)
        (self.worker,) = children(self.process.pid)

    def ended(self) -> tuple[int, str]:
        """The exit code and what was said on standard error, after the end."""
        _, errors = self.process.communicate(timeout=60)
        return self.process.returncode, errors

    @property
    def snapshot(self) -> dict[str, Any]:
        """What was measured."""
        snapshot: dict[str, Any] = json.loads(self._out.read_bytes())
        return snapshot

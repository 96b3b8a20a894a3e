import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from cli.gate import Gate


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        path = self.path.partition("?")[0]
        if path == "/hold":
            self.server.asked.release()  # type: ignore[attr-defined]
            self.server.released.wait()  # type: ignore[attr-defined]
            return
        status = int(path[1:]) if path[1:].isdigit() else 200
        body = b"hello\n"
        self.send_response(status)
        if path == "/challenge":
            self.send_header("cf-mitigated", "challenge")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments: object) -> None:
        pass


class Server:
    """A loopback web server: `/503` answers 503, `/hold` holds its answer back."""

    def __init__(self) -> None:
        self._http = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
        self._http.daemon_threads = True
        self._http.asked = threading.Semaphore(0)  # type: ignore[attr-defined]
        self._http.released = threading.Event()  # type: ignore[attr-defined]
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.02,))
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._http.server_port}"

    def wait_until_asked(self) -> None:
        """Returns once a request for `/hold` has arrived."""
        assert self._http.asked.acquire(timeout=30)  # type: ignore[attr-defined]

    def stop(self) -> None:
        self._http.released.set()  # type: ignore[attr-defined]
        self._http.shutdown()
        self._thread.join()
        self._http.server_close()


@pytest.fixture
def server() -> Iterator[Server]:
    one = Server()
    yield one
    one.stop()


ENVIRONMENT = {
    name: value
    for name, value in os.environ.items()
    if not name.startswith("PROBECLI_") or name == "PROBECLI_PORTABLE"
} | {"NO_COLOR": "1"}
COMMAND = [sys.executable, "-m", "probecli"]


def probecli(
    *arguments: str,
    stdin: str = "",
    env: dict[str, str] | None = None,
    cwd: object = None,
    timeout: float = 60,
    shell: str = "",
) -> subprocess.CompletedProcess[str]:
    """The command as its user runs it, in a process of its own, after what `shell` does."""
    return subprocess.run(
        ["sh", "-c", f'{shell}\nexec "$@"', "sh", *COMMAND, *arguments]
        if shell
        else [*COMMAND, *arguments],
        input=stdin,
        capture_output=True,
        text=True,
        env=ENVIRONMENT | (env or {}),
        cwd=cwd,  # type: ignore[call-overload]
        timeout=timeout,
        check=False,
    )


def changed(change: str, *arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
    """The command in a process in which the code `change` has run before."""
    program = "from probecli.__main__ import main; main()"
    return subprocess.run(
        [sys.executable, "-c", f"{change}{program}", *arguments],
        input=stdin,
        capture_output=True,
        text=True,
        env=ENVIRONMENT,
        timeout=60,
        check=False,
    )


BROKEN_STREAM = (
    "import probecli.probe.stream as stream\n"
    "async def broken(target, network): raise ZeroDivisionError('of ours')\n"
    "stream.probe_stream = broken\n"
)
"""A fault of our own in every probe of a `tcp` or `tls` target."""


def started(*arguments: str, cwd: object = None) -> subprocess.Popen[str]:
    """The command running in the background."""
    return subprocess.Popen(
        [*COMMAND, *arguments],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=ENVIRONMENT,
        cwd=cwd,  # type: ignore[call-overload]
    )


@pytest.fixture
def gate() -> Iterator["Gate"]:
    """A server that answers when the test lets it."""
    from cli.gate import serving

    with serving() as one:
        yield one

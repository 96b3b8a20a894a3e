import signal
import socket
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from cli.conftest import Server, probecli, started


class _Starting(BaseHTTPRequestHandler):
    """A service that answers 503 to its first three requests."""

    asked = 0

    def do_GET(self) -> None:
        type(self).asked += 1
        self.send_response(503 if type(self).asked <= 3 else 200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *arguments: object) -> None:
        pass


def test_wait_ends_when_the_service_answers_and_tells_each_change_once() -> None:
    with ThreadingHTTPServer(("127.0.0.1", 0), _Starting) as http:
        threading.Thread(target=http.serve_forever, args=(0.02,)).start()
        url = f"http://127.0.0.1:{http.server_port}/"
        done = probecli("wait", url, "--for", "30s", "--every", "20ms")
        http.shutdown()
    assert done.returncode == 0
    assert not done.stdout
    lines = done.stderr.splitlines()
    assert len([line for line in lines if "http.error: 503" in line]) == 1
    assert lines[-2].startswith("up ")
    assert lines[-1] == "probecli: ready after 4 rounds"


def test_wait_gives_up_with_124_when_time_is_up() -> None:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{sock.getsockname()[1]}/"
        done = probecli("wait", url, "--for", "300ms", "--every", "50ms")
    assert done.returncode == 124
    assert "tcp.refused" in done.stderr
    assert "not ready" in done.stderr


def test_wait_bounds_a_round_that_hangs(server: Server) -> None:
    assert probecli("wait", f"{server.url}/hold", "--for", "500ms").returncode == 124


def test_command_behind_the_dashes_takes_over(server: Server) -> None:
    done = probecli("wait", f"{server.url}/200", "--", "sh", "-c", "echo ran; exit 7")
    assert done.returncode == 7
    assert done.stdout == "ran\n"


def test_command_gets_the_limit_of_descriptors_that_the_shell_had_set(server: Server) -> None:
    command = ("sh", "-c", "ulimit -S -n")
    done = probecli("wait", f"{server.url}/200", "--", *command, shell="ulimit -S -n 301")
    assert done.stdout == "301\n"


def test_command_that_does_not_exist_is_127(server: Server) -> None:
    done = probecli("wait", f"{server.url}/200", "-q", "--", "no-such-command-here")
    assert done.returncode == 127
    assert "no-such-command-here" in done.stderr


def test_command_is_not_run_when_the_gate_never_passes(server: Server) -> None:
    done = probecli("wait", f"{server.url}/503", "--for", "200ms", "--", "echo", "ran")
    assert done.returncode == 124
    assert not done.stdout


def test_interrupt_ends_the_wait(server: Server) -> None:
    process = started("wait", f"{server.url}/hold", "--for", "60s")
    server.wait_until_asked()
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=30)
    assert process.returncode == 130

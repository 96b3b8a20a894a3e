"""The range's resolver as the system's own, for programs that know no other (Linux, as root).

In a mount namespace of its own, /etc/resolv.conf names a relay on a loopback address, port 53.
"""

import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Thread

_ADDRESS = ("127.0.0.53", 53)
_MARK = "PEERS_OWN_RESOLV_CONF"


def enter(module: str) -> None:
    """Goes on as `python -m module` where /etc/resolv.conf is the relay's; returns inside."""
    if os.environ.get(_MARK):
        return
    with tempfile.NamedTemporaryFile("w", suffix=".conf", delete=False) as file:
        file.write(f"nameserver {_ADDRESS[0]}\n")
    script = 'mount --bind "$0" /etc/resolv.conf && exec "$@"'
    command = ["unshare", "--mount", "sh", "-c", script, file.name, sys.executable, "-m", module]
    done = subprocess.run([*command, *sys.argv[1:]], env={**os.environ, _MARK: "1"}, check=False)
    Path(file.name).unlink()
    sys.exit(done.returncode)


@contextmanager
def relayed(port: int | None) -> Iterator[None]:
    """Relays what comes to the system's resolver to `port`; None leaves nobody there."""
    if port is None:
        yield
        return
    with (
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp,
        socket.socket(socket.AF_INET, socket.SOCK_STREAM) as tcp,
    ):
        tcp.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        udp.bind(_ADDRESS)
        tcp.bind(_ADDRESS)
        tcp.listen()
        running = [Thread(target=_udp, args=(udp, port)), Thread(target=_tcp, args=(tcp, port))]
        for thread in running:
            thread.start()
        try:
            yield
        finally:
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as waker:
                waker.sendto(b"", _ADDRESS)
            tcp.shutdown(socket.SHUT_RDWR)
            for thread in running:
                thread.join()


def _udp(udp: socket.socket, port: int) -> None:
    while True:
        question, client = udp.recvfrom(65535)
        if not question:
            return
        Thread(target=_ask, args=(udp, question, client, port), daemon=True).start()


def _ask(udp: socket.socket, question: bytes, client: tuple[str, int], port: int) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as there, suppress(OSError):
        there.settimeout(5)
        there.connect(("127.0.0.1", port))
        there.send(question)
        while True:
            udp.sendto(there.recv(65535), client)


def _tcp(tcp: socket.socket, port: int) -> None:
    while True:
        try:
            client, _ = tcp.accept()
        except OSError:
            return
        try:
            there = socket.create_connection(("127.0.0.1", port))
        except OSError:
            client.close()
            continue
        for source, sink in ((client, there), (there, client)):
            Thread(target=_copy, args=(source, sink), daemon=True).start()


def _copy(source: socket.socket, sink: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(65536):
            sink.sendall(data)
        sink.shutdown(socket.SHUT_WR)

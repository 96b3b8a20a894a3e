"""The servers that a scenario talks to, each a process of its own for as long as a `with` block."""

import contextlib
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec

from benchmarks import loopback
from benchmarks.certificates import Files

_HERE = Path(__file__).parent

_NGINX = """\
daemon off;
worker_processes 1;
worker_rlimit_nofile 20000;
pid {directory}/nginx.pid;
error_log stderr crit;
events {{ worker_connections 10000; multi_accept on; }}
http {{
  access_log off;
  keepalive_timeout 0;
  default_type text/plain;
  client_body_temp_path {directory}/body;
  proxy_temp_path {directory}/proxy;
  fastcgi_temp_path {directory}/fastcgi;
  uwsgi_temp_path {directory}/uwsgi;
  scgi_temp_path {directory}/scgi;
  server {{
{listen}
{tls}
    return 200 "ok\\n";
  }}
}}
"""
# nginx before 1.23.4 offers nothing newer than TLS 1.2 unless it is told to.
_NGINX_TLS = """\
    ssl_protocols TLSv1.2 TLSv1.3;
    ssl_certificate {chain};
    ssl_certificate_key {key};
"""


def nginx() -> str | None:
    """Where nginx is, None without one."""
    return shutil.which("nginx", path=os.environ.get("PATH", "") + ":/usr/sbin:/usr/local/sbin")


@contextlib.contextmanager
def fast(directory: Path, listeners: Sequence[socket.socket], tls: Files | None) -> Iterator[str]:
    """Answers 200 at once and closes, on every listener; yields the server's name."""
    program = nginx()
    if program is None:
        with scripted(listeners, tls):
            yield "own server (install nginx for a faster one)"
        return
    place = directory / ("nginx-tls" if tls else "nginx")
    place.mkdir(exist_ok=True)
    secure = " ssl" if tls else ""
    configuration = _NGINX.format(
        directory=place,
        listen="\n".join(
            f"    listen 0.0.0.0:{loopback.port(one)}{secure} backlog=65535;" for one in listeners
        ),
        tls=_NGINX_TLS.format(chain=tls.chain, key=tls.key) if tls else "",
    )
    (place / "nginx.conf").write_text(configuration)
    command = [program, "-p", str(place), "-c", str(place / "nginx.conf"), "-e", "stderr"]
    # nginx takes over listening sockets named in NGINX, as it does when it replaces itself.
    inherited = "".join(f"{one.fileno()};" for one in listeners)
    env = {**os.environ, "NGINX": inherited}
    with process(command, listeners, env=env, stderr=subprocess.DEVNULL):
        yield "nginx"


@contextlib.contextmanager
def scripted(listeners: Sequence[socket.socket], tls: Files | None = None) -> Iterator[None]:
    """Answers as the path says; see scripted.py."""
    with process(_own("scripted.py", listeners, tls), listeners):
        yield


@contextlib.contextmanager
def names(sock: socket.socket, delay_ms: int) -> Iterator[None]:
    """Answers every DNS question after `delay_ms` with 127.0.0.1; see names_server.py."""
    with process(_own("names_server.py", [sock], None, str(delay_ms)), [sock]):
        yield


class Delays(msgspec.Struct, frozen=True):
    """What the delaying server did: by path, milliseconds from request received to answer sent.

    `slack_ms` is how long each sending took, which bounds what the server itself cannot tell.
    """

    delays_ms: dict[str, float]
    slack_ms: list[float]


class Delaying:
    """The delaying server while it runs; `delays` is there once it ended."""

    delays: Delays


@contextlib.contextmanager
def delaying(
    listeners: Sequence[socket.socket], tls: Files | None, delay_ms: int
) -> Iterator[Delaying]:
    """Holds each answer `delay_ms` from the request's arrival; see delaying.py."""
    server = Delaying()
    command = _own("delaying.py", listeners, tls, str(delay_ms))
    with process(command, listeners, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        yield server
        said, _ = child.communicate(timeout=30)
    server.delays = msgspec.json.decode(said, type=Delays)


def _own(script: str, sockets: Sequence[socket.socket], tls: Files | None, *rest: str) -> list[str]:
    descriptors = ",".join(str(one.fileno()) for one in sockets)
    certificate = f"{tls.chain}:{tls.key}" if tls else "-"
    return [sys.executable, str(_HERE / script), descriptors, certificate, *rest]


@contextlib.contextmanager
def process(
    command: Sequence[str],
    sockets: Sequence[socket.socket],
    *,
    env: dict[str, str] | None = None,
    stdin: int = subprocess.DEVNULL,
    stdout: int = subprocess.DEVNULL,
    stderr: int | None = None,
) -> Iterator[subprocess.Popen[bytes]]:
    """A process that inherits `sockets` and is ended with the block."""
    descriptors = [one.fileno() for one in sockets]
    child = subprocess.Popen(
        command, env=env, pass_fds=descriptors, stdin=stdin, stdout=stdout, stderr=stderr
    )
    try:
        yield child
    finally:
        child.terminate()
        try:
            child.wait(5)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
        for pipe in (child.stdin, child.stdout):
            if pipe is not None:
                pipe.close()

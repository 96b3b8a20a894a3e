"""Sockets that only this machine reaches, under every address in 127.0.0.0/8, and target lists."""

import socket
from collections.abc import Sequence

# As many addresses as one certificate can name without growing past a usual one (some 1.5 KiB).
TLS_ADDRESSES = 100
# Enough for every connection that a client may open at once; the kernel caps it at somaxconn.
_BACKLOG = 65_535
_BUFFER_BYTES = 4 << 20


def address(index: int) -> str:
    """The loopback address number `index`, from 127.1.0.1 on."""
    high, low = divmod(index, 254)
    return f"127.{1 + high // 256}.{high % 256}.{low + 1}"


def listener(kind: socket.SocketKind = socket.SOCK_STREAM) -> socket.socket:
    """A socket on a free port of every loopback address; listening if it is a stream."""
    sock = socket.socket(socket.AF_INET, kind)
    # Bound to every address, yet heard on the loopback interface only.
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, b"lo\0")
    sock.bind(("0.0.0.0", 0))
    # nginx takes inherited sockets as they are.
    sock.setblocking(False)
    if kind == socket.SOCK_STREAM:
        sock.listen(_BACKLOG)
    else:
        # As name servers do (unbound's so-rcvbuf): what exceeds the buffer is lost.
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _BUFFER_BYTES)
    return sock


def port(sock: socket.socket) -> int:
    """The port that the system chose."""
    return int(sock.getsockname()[1])


def ports_for(scheme: str, count: int) -> int:
    """How many ports `count` targets need: of https, each port has the certificate's addresses."""
    return 1 if scheme == "http" else -(-count // TLS_ADDRESSES)


def urls(scheme: str, ports: Sequence[int], count: int) -> list[str]:
    """`count` URLs, each on an address and port of its own; the path is the target's number."""
    addresses = count if scheme == "http" else TLS_ADDRESSES
    return [
        f"{scheme}://{address(index % addresses)}:{ports[index // addresses]}/{index}"
        for index in range(count)
    ]

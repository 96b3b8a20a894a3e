"""Cases of TLS: noise and alerts, true flights mutated on the wire, and hostile certificates."""

import ssl
import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path
from random import Random

from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from faults.certificates import Issued, chain_file, issue
from faults.tls import HALF_SERVER_HELLO, OLD, ONLY_1_2, ONLY_1_3, alert, context
from fuzz import http1
from fuzz.mutate import Act, in_pieces, mutated

CERTIFICATES = 128
"""How many hostile certificates a seed has; cases share them."""

_NAMES = (
    "\x1b[2J", "\u202eevil", "a\nb", "=cmd|' /C calc'!A0", "x" * 64, "::error::x", "<b>", "\ufeff",
    "\U0001f512", "*", "*.*", "xn--\u00e9".encode("ascii", "ignore").decode(), "127.0.0.1", " ",
)  # fmt: skip
_CHAINS = (
    "good", "expired", "wrong name", "self-signed", "thousand names", "no subject", "too deep",
    "missing intermediate", "weak key", "client only", "superfluous", "constrained",
)  # fmt: skip
_ALIEN = (
    b"SSH-2.0-OpenSSH_9.2p1\r\n", b"HTTP/1.1 400 Bad Request\r\n\r\n", HALF_SERVER_HELLO, b"",
    b"220 mail ESMTP\r\n", b"\x80\x2e\x01\0\x02",
)  # fmt: skip


class Plan:
    """How a server treats one ClientHello: with `raw` bytes, or with a handshake of `context`.

    `flight` is applied to everything that the handshake sends; `act` follows inside TLS.
    """

    def __init__(
        self,
        raw: Act | None = None,
        context: ssl.SSLContext | None = None,
        flight: Callable[[bytes], bytes] = bytes,
        act: Act | None = None,
    ) -> None:
        self.raw, self.context, self.flight, self.act = raw, context, flight, act


def _record(rng: Random) -> bytes:
    """A TLS record of a random type and version, its length sometimes a lie."""
    body = rng.randbytes(rng.choice((0, 1, 2, 4, 40, 700)))
    if rng.random() < 0.6 and body:
        # A handshake message: type, length, then whatever.
        kind = rng.choice((0, 1, 2, 4, 8, 11, 12, 13, 14, 15, 16, 20, 22, 24, 254))
        body = bytes((kind,)) + len(body).to_bytes(3) + body
    length = len(body) if rng.random() < 0.8 else rng.getrandbits(16)
    version = rng.choice((0x0300, 0x0301, 0x0303, 0x0304, 0xFEFD))
    kind = rng.choice((20, 21, 22, 22, 22, 23, 24, 0, 255))
    return bytes((kind,)) + version.to_bytes(2) + length.to_bytes(2) + body


def _raw(rng: Random) -> Act:
    way = rng.random()
    if way < 0.35:
        raw = alert(rng.getrandbits(8)) if rng.random() < 0.7 else mutated(rng, alert(40), 2)
    elif way < 0.7:
        raw = b"".join(_record(rng) for _ in range(rng.randrange(1, 5)))
    elif way < 0.9:
        raw = mutated(rng, rng.choice(_ALIEN))
    else:
        raw = rng.randbytes(rng.randrange(600))
    return in_pieces(rng, raw)


def _flight(rng: Random) -> Callable[[bytes], bytes]:
    """Leaves most flights alone, so that the later ones are met too."""
    chance = rng.choice((0.3, 0.6, 1.0))

    def changed(data: bytes) -> bytes:
        return mutated(rng, data, 3) if rng.random() < chance else data

    return changed


@cache
def _folder() -> Path:
    kept = tempfile.TemporaryDirectory(prefix="fuzz-")
    _KEPT.append(kept)
    return Path(kept.name)


_KEPT: list[tempfile.TemporaryDirectory[str]] = []


@cache
def hostile_certificate(seed: str) -> ssl.SSLContext:
    """A server's context with a certificate that OpenSSL takes and no authority would issue."""
    rng = Random(seed)
    names = [name for name in rng.choices(_NAMES, k=rng.randrange(4)) if name.isascii()]
    days = rng.choice(((-30, 60), (-9000, 2_900_000), (-400, -1), (1, 2), (-20_000, 3)))
    made = issue(rng.choice(_NAMES), None, names=names, days=days)
    for _ in range(30):
        offered = _with_flaw(rng, made)
        try:
            return _serving(offered, made)
        except ssl.SSLError:
            continue
    return _serving(made.certificate.public_bytes(Encoding.DER), made)


def _with_flaw(rng: Random, made: Issued) -> bytes:
    """The certificate with bytes changed anywhere but in its key, at its old length."""
    whole = bytearray(made.certificate.public_bytes(Encoding.DER))
    for _ in range(rng.randrange(1, 4)):
        at = rng.randrange(8, len(whole))
        whole[at] = rng.getrandbits(8)
    return bytes(whole)


def _serving(der: bytes, made: Issued) -> ssl.SSLContext:
    key = made.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    path = _folder() / "certificate.pem"
    path.write_bytes(key + ssl.DER_cert_to_PEM_cert(der).encode())
    served = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    served.load_cert_chain(path)
    return served


def plan(rng: Random, seed: int) -> Plan:
    """What a server does with one handshake; `seed` names the pool of certificates."""
    way = rng.random()
    if way < 0.3:
        return Plan(raw=_raw(rng))
    if way < 0.75:
        versions = rng.choice((ONLY_1_2, ONLY_1_2, ONLY_1_3, OLD, None))
        chosen = context(rng.choice(_CHAINS), versions=versions, wants_client=rng.random() < 0.15)
        return Plan(context=chosen, flight=_flight(rng), act=http1.act(rng))
    chosen = hostile_certificate(f"{seed}/certificate/{rng.randrange(CERTIFICATES)}")
    return Plan(context=chosen, act=http1.act(rng))


@cache
def http2_context() -> ssl.SSLContext:
    """A good server that offers HTTP/2."""
    chain_file("good")
    return context(protocols=("h2",))

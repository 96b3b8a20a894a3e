"""Cases of HTTP/2: frames from a grammar, or recorded, then mutated; always inside good TLS."""

from random import Random

from hpack import Encoder
from hyperframe.frame import (
    AltSvcFrame,
    ContinuationFrame,
    DataFrame,
    Frame,
    GoAwayFrame,
    HeadersFrame,
    PingFrame,
    PriorityFrame,
    PushPromiseFrame,
    RstStreamFrame,
    SettingsFrame,
    WindowUpdateFrame,
)

from fuzz.corpus import http2_responses
from fuzz.mutate import Act, in_pieces, mutated, spliced

_FIELDS = (
    (":status", "200"), (":status", "503"), (":status", "099"), (":status", "abc"), (":status", ""),
    (":status", "302"), ("location", "/7"), ("location", "http://[::1"), (":path", "/"),
    ("content-length", "5"), ("content-length", "-1"), ("content-encoding", "gzip"),
    ("content-encoding", "br"), ("content-type", "text/html"), ("connection", "close"),
    ("transfer-encoding", "chunked"), ("Upper", "case"), ("x", "\x1b[2J"), ("", "empty"),
    ("retry-after", "9" * 30), ("x", "v" * 20000), ("x\0", "\n"), ("te", "\u202e"),
)  # fmt: skip
_STREAMS = (0, 1, 2, 3, 2**31 - 1, 2**31 + 1)


def _headers(rng: Random) -> bytes:
    fields = [(":status", "200")] if rng.random() < 0.8 else []
    return Encoder().encode(fields + rng.choices(_FIELDS, k=rng.randrange(4)))


def _frame(rng: Random) -> bytes:
    made: Frame
    match rng.randrange(13):
        case 0 | 1 | 2:
            made = HeadersFrame(1, _headers(rng))
            made.flags.add("END_HEADERS")
        case 3 | 4:
            made = DataFrame(1, rng.choice((b"", b"fine\n", b"x" * 16000)))
        case 5:
            made = ContinuationFrame(1, _headers(rng))
        case 6:
            made = SettingsFrame(0, settings={rng.randrange(9): rng.getrandbits(32)})
        case 7:
            made = GoAwayFrame(0, rng.choice((0, 1, 2**31 - 1)), rng.getrandbits(4), b"\x1b[2J")
        case 8:
            made = RstStreamFrame(1, error_code=rng.choice((0, 1, 7, 8, 13, 2**32 - 1)))
        case 9:
            made = PingFrame(0, rng.randbytes(8))
        case 10:
            made = WindowUpdateFrame(1, rng.choice((1, 2**31 - 1)))
        case 11:
            made = PushPromiseFrame(1, rng.choice((2, 4)), _headers(rng))
            made.flags.add("END_HEADERS")
        case _:
            made = rng.choice(
                (
                    PriorityFrame(1, depends_on=rng.choice((0, 1)), stream_weight=3),
                    AltSvcFrame(0, b"a", b"b"),
                )
            )
    if rng.random() < 0.3 and "END_STREAM" in {flag.name for flag in made.defined_flags}:
        made.flags.add("END_STREAM")
    raw = bytearray(made.serialize())
    # Stream ids and flags that hyperframe itself would refuse to write.
    if rng.random() < 0.3:
        raw[5:9] = rng.choice(_STREAMS).to_bytes(4)
    if rng.random() < 0.1:
        raw[4] = rng.getrandbits(8)
    return bytes(raw)


def _grown(rng: Random) -> bytes:
    start = SettingsFrame(0).serialize() if rng.random() < 0.95 else b""
    return start + b"".join(_frame(rng) for _ in range(rng.randrange(1, 9)))


def act(rng: Random) -> Act:
    """What a server does with one request."""
    way = rng.random()
    if way < 0.4:
        raw = _grown(rng)
    elif way < 0.55:
        raw = mutated(rng, _grown(rng))
    elif way < 0.95:
        raw = mutated(rng, rng.choice(http2_responses()))
    else:
        raw = spliced(rng, http2_responses())
    return in_pieces(rng, raw)

"""The snapshot as JSON, and JSON that is safe to print."""

import re
from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

from probecli.engine.keeper import decode_result
from probecli.model.result import Result
from probecli.model.snapshot import Snapshot
from probecli.output.document import Document
from probecli.output.interface import Context, Destination, Output
from probecli.output.spool import Spool, Spooled

# Up to so many targets people read the document itself, and indenting costs nothing that counts;
# above, one target a line takes half the bytes and is as good for diff and grep.
INDENTED_UP_TO = 1_000
_CHUNK = 64
_DELETE, _HASH = 0x7F, ord("#")

# DEL and C1 controls, line and paragraph separators, bidirectional and zero-width characters, the
# BOM and tag characters, as UTF-8; and the `##[` that CI systems take for a command.
_UNSAFE = (
    rb"\x7f|\xc2[\x80-\x9f\xad]|\xd8\x9c|\xe2\x80[\x8b-\x8f\xa8-\xae]|\xe2\x81[\xa0-\xaf]"
    rb"|\xef\xbb\xbf|\xf3\xa0[\x80\x81][\x80-\xbf]|##(?=[A-Za-z]*\[)"
)


def _escaped(match: re.Match[bytes]) -> bytes:
    if match.group() == b"##":
        return rb"#\u0023"
    units = match.group().decode().encode("utf-16-be").hex()
    return re.sub("(....)", r"\\u\1", units).encode()


def _mended(value: Any) -> Any:
    """`value` with its lone surrogates, which no UTF-8 can carry, as visible escapes."""
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode()
    if isinstance(value, dict):
        return {_mended(key): _mended(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_mended(item) for item in value]
    return value


_encoder = msgspec.json.Encoder()


def encode(value: Any) -> bytes:
    """`value` as compact JSON in which nothing steers a terminal, a pager or a CI log.

    What JSON may carry raw and a terminal would obey is escaped as `\\uXXXX`, so it decodes to
    the same value.
    """
    try:
        data = _encoder.encode(value)
    except UnicodeEncodeError:
        data = _encoder.encode(_mended(msgspec.to_builtins(value)))
    return _printable(data)


def _printable(data: bytes) -> bytes:
    # One byte is looked for several times as fast as by a text of one or two.
    if data.isascii() and _DELETE not in data and (_HASH not in data or b"##" not in data):
        return data
    return re.sub(_UNSAFE, _escaped, data)


def encode_lines(results: Sequence[Result]) -> bytes:
    """Each result as `encode` has it, and a line feed: at once, in half the time of one by one."""
    try:
        return _printable(_encoder.encode_lines(results))
    except UnicodeEncodeError:
        return b"".join(encode(result) + b"\n" for result in results)


def encode_exactly(results: Sequence[Result]) -> list[bytes | None]:
    """What `encode` makes of each result, None where that would not decode to the same."""
    try:
        return [*_printable(_encoder.encode_lines(results)).split(b"\n")[:-1]]
    except UnicodeEncodeError:
        if len(results) == 1:
            return [None]
        return [data for result in results for data in encode_exactly([result])]


def spool(total: int) -> Spool:
    """A place for the results of `total` targets, in which they are encoded once for all."""
    return Spool(total, encode=encode_exactly, decode=decode_result)


def render(snapshot: Snapshot) -> Iterator[bytes]:
    """The contract's document, in pieces, so that a large run is never held twice."""
    if len(snapshot.targets) <= INDENTED_UP_TO:
        whole = msgspec.structs.replace(snapshot, targets=tuple(snapshot.targets))
        yield msgspec.json.format(encode(whole), indent=2) + b"\n"
        return
    frame = encode(msgspec.structs.replace(snapshot, targets=()))
    head, empty, tail = frame.rpartition(b'"targets":[]')
    yield head + empty[:-1]
    held = b"\n"
    for lines in _lines(snapshot.targets):
        yield held
        held = lines
    yield held.removesuffix(b",\n") + b"\n]" + tail + b"\n"


def _lines(results: Sequence[Result]) -> Iterator[bytes]:
    """The results encoded, one a line with a comma at its end, some at a time."""
    if isinstance(results, Spooled):
        for encoded in results.encoded(encode):
            yield b",\n".join([*encoded, b""])
        return
    for start in range(0, len(results), _CHUNK):
        yield encode_lines(results[start : start + _CHUNK]).replace(b"\n", b",\n")


def create(destination: Destination, context: Context) -> Output:
    """The `json` output."""
    return Document(destination, render)

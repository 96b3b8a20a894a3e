"""What the server sent, as text: headers by name, the body decoded, JSON parsed."""

import codecs
import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import msgspec

Headers = Sequence[tuple[str, str]]

_CHARSET = r"(?i)charset\s*=\s*[\"']?([A-Za-z0-9._:-]{1,40})"
_META_CHARSET = rb"(?i)<meta[^>]{0,200}?charset\s*=\s*[\"']?([A-Za-z0-9._:-]{1,40})"
_BYTE_ORDER_MARKS = (codecs.BOM_UTF8, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
# Browsers read Latin-1 as its superset (WHATWG Encoding). The codecs of the second row are no web
# encodings, and some of them are slow or warn.
_WEB_NAMES = {"iso8859-1": "cp1252", "ascii": "cp1252"}
_NOT_OF_THE_WEB = frozenset(
    {"idna", "punycode", "unicode-escape", "raw-unicode-escape", "utf-7", "undefined"}
)
_BYTE_OFFSET = r"\(byte (\d+)\)"


class NotJsonError(ValueError):
    """The text is no JSON; the text of the error says where it stops being so."""


def by_name(headers: Headers) -> dict[str, str]:
    """Headers by their name; those sent more than once joined by `, ` (RFC 9110, 5.3)."""
    named = dict(headers)
    if len(named) != len(headers):
        named = {}
        for name, value in headers:
            named[name] = f"{named[name]}, {value}" if name in named else value
    return named


def _codec(label: str) -> str | None:
    try:
        info = codecs.lookup(label)
    except (LookupError, ValueError):
        return None
    if info.name in _NOT_OF_THE_WEB or not getattr(info, "_is_text_encoding", True):
        return None
    return _WEB_NAMES.get(info.name, info.name)


@lru_cache(maxsize=1024)
def media_type(content_type: str) -> tuple[str, str | None]:
    """The media type of a Content-Type, in lower case, and the codec of its charset if known."""
    declared = re.search(_CHARSET, content_type)
    kind = content_type.partition(";")[0].strip().lower()
    return kind, _codec(declared.group(1)) if declared else None


def charset(content_type: str, body: bytes) -> str | None:
    """The codec that the body declares: by byte order mark, Content-Type or `<meta>`."""
    if body.startswith(_BYTE_ORDER_MARKS):
        return "utf-8-sig" if body.startswith(codecs.BOM_UTF8) else "utf-16"
    declared = media_type(content_type)[1]
    if declared:
        return declared
    meta = re.search(_META_CHARSET, body[:1024])
    if meta and (name := _codec(meta.group(1).decode("ascii"))):
        # A page whose <meta> could be read as ASCII is in no UTF-16, whatever it says.
        return "utf-8" if name.startswith("utf-16") else name
    return None


def body_text(content_type: str, body: bytes) -> str:
    """The body as text; bytes that its charset does not know become U+FFFD.

    Without a declared charset it is UTF-8, or as in browsers windows-1252 when it cannot be.
    """
    declared = charset(content_type, body)
    if declared is not None:
        return body.decode(declared, "replace")
    try:
        return body.decode()
    except UnicodeDecodeError as error:
        # A body that was cut may end inside a character.
        cut = error.start >= len(body) - 3 and error.reason == "unexpected end of data"
        return body.decode("utf-8" if cut else "cp1252", "replace")


def parse_json(text: str) -> Any:
    """The JSON document in `text`; raises `NotJsonError`, also for one nested too deeply."""
    try:
        return msgspec.json.decode(text.encode("utf-8", "surrogatepass"))
    except RecursionError:
        raise NotJsonError("not JSON: nested too deeply") from None
    except (msgspec.DecodeError, ValueError) as error:
        if not text.strip():
            raise NotJsonError("not JSON: empty") from None
        place = re.search(_BYTE_OFFSET, str(error))
        encoded = text.encode("utf-8", "surrogatepass")
        before = encoded[: int(place.group(1))] if place else encoded
        line, column = before.count(b"\n") + 1, len(before) - before.rfind(b"\n")
        raise NotJsonError(f"not JSON: line {line} column {column}") from None

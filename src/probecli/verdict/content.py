"""What the server sent, as text: headers by name, the body decoded, JSON parsed."""

import codecs
import re
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

Headers = Sequence[tuple[str, str]]

_CHARSET = re.compile(r"charset\s*=\s*[\"']?([A-Za-z0-9._:-]{1,40})", re.IGNORECASE)
_META_CHARSET = re.compile(rb"<meta[^>]{0,200}?charset\s*=\s*[\"']?([A-Za-z0-9._:-]{1,40})", re.I)
_BYTE_ORDER_MARKS = (codecs.BOM_UTF8, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
# Browsers read Latin-1 as its superset (WHATWG Encoding). The codecs of the second row are no web
# encodings, and some of them are slow or warn.
_WEB_NAMES = {"iso8859-1": "cp1252", "ascii": "cp1252"}
_NOT_OF_THE_WEB = frozenset({"idna", "punycode", "unicode_escape", "raw_unicode_escape", "utf-7"})
_BYTE_OFFSET = re.compile(r"\(byte (\d+)\)")


class NotJsonError(ValueError):
    """The text is no JSON; the text of the error says where it stops being so."""


def folded(headers: Headers) -> dict[str, str]:
    """Headers by lower-case name; those sent more than once joined by `, ` (RFC 9110, 5.3)."""
    named = {name.lower(): value for name, value in headers}
    if len(named) != len(headers):
        named = {}
        for name, value in headers:
            name = name.lower()
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


def charset(headers: Mapping[str, str], body: bytes) -> str:
    """The codec of the body: byte order mark, Content-Type, `<meta>`, else UTF-8."""
    if body.startswith(_BYTE_ORDER_MARKS):
        return "utf-8-sig" if body.startswith(codecs.BOM_UTF8) else "utf-16"
    content_type = headers.get("content-type", "")
    if content_type.endswith("charset=utf-8"):
        return "utf-8"
    declared = _CHARSET.search(content_type)
    if declared and (name := _codec(declared.group(1))):
        return name
    meta = _META_CHARSET.search(body, 0, 1024)
    if meta and (name := _codec(meta.group(1).decode("ascii"))):
        # A page whose <meta> could be read as ASCII is in no UTF-16, whatever it says.
        return "utf-8" if name.startswith("utf-16") else name
    return "utf-8"


def body_text(headers: Mapping[str, str], body: bytes) -> str:
    """The body as text; bytes that its charset does not know become U+FFFD."""
    try:
        return body.decode(charset(headers, body), "replace")
    except UnicodeError:
        return body.decode("utf-8", "replace")


def parse_json(text: str) -> Any:
    """The JSON document in `text`; raises `NotJsonError`, also for one nested too deeply."""
    try:
        return msgspec.json.decode(text.encode("utf-8", "surrogatepass"))
    except RecursionError:
        raise NotJsonError("not JSON: nested too deeply") from None
    except (msgspec.DecodeError, ValueError) as error:
        if not text.strip():
            raise NotJsonError("not JSON: empty") from None
        place = _BYTE_OFFSET.search(str(error))
        encoded = text.encode("utf-8", "surrogatepass")
        before = encoded[: int(place.group(1))] if place else encoded
        line, column = before.count(b"\n") + 1, len(before) - before.rfind(b"\n")
        raise NotJsonError(f"not JSON: line {line} column {column}") from None

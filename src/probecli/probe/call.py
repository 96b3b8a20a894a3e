"""An HTTP request as it goes on the wire, and the one that a target asks for."""

import base64
import re
from functools import lru_cache
from urllib.parse import quote, unquote, urlencode, urlsplit

from msgspec import Struct

from probecli import __version__
from probecli.model.target import Auth, Target

DNS_PORT = 53
_PORTS = {"http": 80, "https": 443, "ws": 80, "wss": 443, "dns": DNS_PORT}
# Everything that may stand in a path or query, so that only what may not is escaped (RFC 3986).
_SAFE = "!#$%&'()*+,/:;=?@[]~"
# What needs no escaping: printable, without the fragment's mark.
_SENDABLE = re.compile(r"[!$-~]+")

# The common URL, which needs no unescaping, no case folding and no IDNA.
_PLAIN_URL = re.compile(r"(https?)://([a-z0-9.-]+)(?::([0-9]{1,5}))?(/[!$-~]*)?")

USER_AGENT = f"probecli/{__version__}"
# What is sent besides Host unless the target says otherwise.
_OWN_FIELDS = (
    ("User-Agent", USER_AGENT),
    ("Accept", "*/*"),
    ("Accept-Encoding", "gzip, deflate, br"),
    ("Connection", "close"),
)


class Origin(Struct, frozen=True):
    """Scheme, host and port: what decides whether credentials may travel along."""

    scheme: str
    host: str
    port: int

    @property
    def authority(self) -> str:
        """The Host field: the port only where it is not the scheme's own."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _PORTS.get(self.scheme) else f"{host}:{self.port}"


class Call(Struct, frozen=True):
    """One HTTP request: where, what, with which fields (at least Host) and body."""

    method: str
    origin: Origin
    path: str
    headers: tuple[tuple[str, str], ...]
    body: bytes = b""

    @property
    def url(self) -> str:
        """The absolute URL."""
        return f"{self.origin.scheme}://{self.origin.authority}{self.path}"


@lru_cache(maxsize=64)
def split_url(url: str) -> tuple[Origin, str, str]:
    """Origin, path with query, and userinfo of a URL; the host is in its ASCII form.

    Remembered a while: who schedules a target asks the same as who probes it.
    """
    plain = _PLAIN_URL.fullmatch(url)
    if plain is not None:
        scheme, host, port_text, path = plain.groups()
        return Origin(scheme, host, int(port_text or _PORTS[scheme])), path or "/", ""
    parts = urlsplit(url)
    host = parts.hostname or ""
    if not host.isascii():
        import idna

        host = idna.encode(host, uts46=True).decode("ascii")
    scheme = parts.scheme.lower()
    port = parts.port or _PORTS.get(scheme, 0)
    path = parts.path or "/"
    if parts.query:
        path = f"{path}?{parts.query}"
    if not _SENDABLE.fullmatch(path):
        path = quote(path, safe=_SAFE)
    userinfo = parts.netloc.rpartition("@")[0]
    return Origin(scheme, host, port), path, userinfo


def first_call(target: Target) -> Call:
    """The request that a target asks for."""
    origin, path, userinfo = split_url(target.url)
    own = (("Host", origin.authority), *_OWN_FIELDS)
    body, content_type = _body(target)
    if target.method == "GET" and not (
        target.headers or target.auth or userinfo or body or content_type
    ):
        return Call("GET", origin, path, own)
    headers = list(own)
    given: set[str] = set()
    if target.headers:
        given = {name.lower() for name in target.headers}
        headers = [field for field in headers if field[0].lower() not in given]
        headers += target.headers.items()
    if "authorization" not in given and (target.auth is not None or userinfo):
        headers.append(("Authorization", authorization(target.auth, userinfo)))
    if content_type and "content-type" not in given:
        headers.append(("Content-Type", content_type))
    if (body or target.method in ("POST", "PUT", "PATCH")) and "content-length" not in given:
        headers.append(("Content-Length", str(len(body))))
    return Call(target.method, origin, path, tuple(headers), body)


def authorization(auth: Auth | None, userinfo: str) -> str:
    """The Authorization field's value, from `auth` or a URL's userinfo."""
    if auth is not None and auth.bearer is not None:
        return f"Bearer {auth.bearer}"
    if auth is not None and auth.basic is not None:
        return basic(auth.basic.username, auth.basic.password)
    username, _, password = userinfo.partition(":")
    return basic(unquote(username), unquote(password))


def basic(username: str, password: str) -> str:
    """Basic credentials (RFC 7617), in UTF-8."""
    return "Basic " + base64.b64encode(encoded(f"{username}:{password}")).decode("ascii")


def encoded(text: str) -> bytes:
    """Text as it goes on the wire: UTF-8, with bytes from the environment as they were there."""
    return text.encode("utf-8", "surrogateescape")


def _body(target: Target) -> tuple[bytes, str | None]:
    if target.json is not None:
        from msgspec import json

        return json.encode(target.json), "application/json"
    if target.form is not None:
        pairs = urlencode(target.form, errors="surrogateescape")
        return pairs.encode(), "application/x-www-form-urlencoded"
    if target.body is not None:
        return encoded(target.body), None
    return b"", None


def http1_bytes(call: Call, *, absolute: bool = False) -> bytes:
    """The request in HTTP/1.1; `absolute` is the form that a proxy wants (RFC 9112, 3.2.2)."""
    path = call.url if absolute else call.path
    name, value = call.headers[0]
    # The first is Host; the others are mostly the same for all targets.
    head = f"{call.method} {path} HTTP/1.1\r\n{name}: {value}\r\n{_lines(call.headers[1:])}\r\n"
    return encoded(head) + call.body


@lru_cache(maxsize=256)
def _lines(fields: tuple[tuple[str, str], ...]) -> str:
    return "".join(f"{name}: {value}\r\n" for name, value in fields)


# Fields of one connection, which HTTP/2 has no place for (RFC 9113, 8.2.2).
_CONNECTION_FIELDS = frozenset(
    {"connection", "host", "keep-alive", "proxy-connection", "transfer-encoding", "upgrade"}
)


def http2_fields(call: Call) -> list[tuple[bytes, bytes]]:
    """The request's fields in HTTP/2, pseudo-fields first."""
    host = next((value for name, value in call.headers if name.lower() == "host"), None)
    fields = [
        (":method", call.method),
        (":scheme", call.origin.scheme),
        (":authority", host or call.origin.authority),
        (":path", call.path),
    ]
    fields += [
        (name.lower(), value)
        for name, value in call.headers
        if name.lower() not in _CONNECTION_FIELDS
    ]
    return [(name.encode(), encoded(value)) for name, value in fields]


@lru_cache(maxsize=64)
def proxy_origin(proxy: str) -> tuple[Origin, str | None]:
    """A proxy's origin and its credentials, from its URL."""
    origin, _, userinfo = split_url(proxy)
    if not userinfo:
        return origin, None
    username, _, password = userinfo.partition(":")
    return origin, basic(unquote(username), unquote(password))

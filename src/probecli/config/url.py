"""What makes a URL usable as a target, and which parts of it are nobody's business."""

import re
from typing import TYPE_CHECKING

from probecli.config.mistake import quoted
from probecli.model.target import KIND_BY_SCHEME, Kind
from probecli.text import MASK

if TYPE_CHECKING:
    from urllib.parse import SplitResult

_LABEL = r"[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?"
_HOST = rf"(?:{_LABEL}\.)*{_LABEL}\.?"
# Nearly every URL has this shape; it spares ten thousand of them the careful look below.
_BYTE = r"(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)"
_ORDINARY = re.compile(
    rf"https?://(?:(?:{_BYTE}\.){{3}}{_BYTE}|(?:{_LABEL}\.)*[A-Za-z](?:[A-Za-z0-9-]{{0,61}}[A-Za-z0-9])?)"
    r"(?::(?:[1-9]\d{0,3}|[1-5]\d{4}))?(?:/[!-;=?-\[\]-_a-z~]*)?"
)
_SHORTHAND = (
    rf"(?P<host>\[[0-9A-Fa-f:.]+\]|(?:{_LABEL}\.)*{_LABEL}\.?)(?::(?P<port>\d{{1,5}}))?"
    r"(?P<rest>[/?]\S*)?"
)
_FILE_NAME = r"(?i).*\.(?:ya?ml|json|txt|toml|conf|cfg|ini|csv)"
_SPACE_OR_CONTROL = r"[\x00-\x20\x7f-\x9f\u2028\u2029]"
_RECORD_TYPES = frozenset(
    {
        *("A", "AAAA", "CAA", "CNAME", "DNSKEY", "DS", "HTTPS", "LOC", "MX", "NAPTR", "NS"),
        *("PTR", "SOA", "SRV", "SSHFP", "SVCB", "TLSA", "TXT"),
    }
)


def kind_of(url: str) -> Kind | None:
    """The probe kind by the URL's scheme, None for an unknown one."""
    return KIND_BY_SCHEME.get(url.partition("://")[0].lower())


def from_shorthand(text: str) -> str | None:
    """The URL that `host`, `host:port` or `host/path` stands for; None when it is no shorthand.

    https is assumed, http for port 80. A single word counts only as `localhost` or with a port,
    and what is spelt like a file's name is one.
    """
    match = re.fullmatch(_SHORTHAND, text)
    if not match or (re.fullmatch(_FILE_NAME, match["host"]) and not match["port"]):
        return None
    named = "." in match["host"].rstrip(".") or match["host"] == "localhost"
    if not (named or match["port"] or match["host"].startswith("[")):
        return None
    return f"{'http' if match['port'] == '80' else 'https'}://{text}"


def is_ordinary(url: str) -> bool:
    """Whether an http or https URL is fine at first sight and holds no secret of its own."""
    return _ORDINARY.fullmatch(url) is not None


def problem_with(url: str) -> str | None:
    """Why a URL cannot be probed, in words; None when it can."""
    if is_ordinary(url):
        return None
    if re.search(_SPACE_OR_CONTROL, url):
        return "a URL holds no white space or control characters; write %20 for a space"
    scheme, separator, _ = url.partition("://")
    if not separator:
        meant = from_shorthand(url)
        hint = f"did you mean `{meant}`?" if meant else "write https://host/"
        return f"a URL starts with a scheme; {hint}"
    if scheme.lower() not in KIND_BY_SCHEME:
        from difflib import get_close_matches

        near = get_close_matches(scheme.lower(), KIND_BY_SCHEME, n=1)
        hint = f"did you mean `{near[0]}`?" if near else f"known: {', '.join(KIND_BY_SCHEME)}"
        return f"the scheme {quoted(scheme)} is unknown; {hint}"
    return _problem_with_parts(url)


def _problem_with_parts(url: str) -> str | None:
    from urllib.parse import urlsplit

    kind = kind_of(url)
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError as error:
        about_port = "port" in str(error).lower()
        return "a port is a number from 1 to 65535" if about_port else "no valid URL"
    if port == 0:
        return "a port is a number from 1 to 65535"
    if kind == "dns":
        return _problem_with_dns(parts, host)
    if not host:
        return "the URL names no host"
    if kind in ("tcp", "tls"):
        if port is None:
            return f"{parts.scheme}:// needs a port: {parts.scheme}://host:port"
        if parts.path not in ("", "/") or parts.query:
            return f"{parts.scheme}://host:port has no path"
    return problem_with_host(host)


def problem_with_host(host: str) -> str | None:
    """Why a host name or address literal is none, in words."""
    if ":" in host:
        return None
    try:
        if not host.isascii():
            import idna

            host = idna.encode(host, uts46=True).decode()
    except UnicodeError:
        return f"{quoted(host)} is no host name"
    if not re.fullmatch(_HOST, host) or len(host) > 254:
        return f"{quoted(host)} is no host name"
    if re.fullmatch(r"[\d.]+", host) and not _is_ip(host):
        return f"{quoted(host)} is no IPv4 address"
    return None


def _is_ip(text: str) -> bool:
    from ipaddress import ip_address

    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def _problem_with_dns(parts: "SplitResult", host: str | None) -> str | None:
    from urllib.parse import parse_qsl

    name = parts.path.strip("/")
    if not name or not re.fullmatch(r"[!-.0-~]{1,254}", name):
        return "dns:// needs a name to ask for: dns://resolver/name?type=A, or dns:///name"
    options = dict(parse_qsl(parts.query, keep_blank_values=True))
    record = options.pop("type", "A").upper()
    if options:
        return f"dns:// knows `type` only, not {quoted(', '.join(options))}"
    if record not in _RECORD_TYPES and not re.fullmatch(r"TYPE\d{1,5}", record):
        return f"{quoted(record)} is no record type known here, such as A, AAAA, MX or TXT"
    return problem_with_host(host) if host else None


def userinfo_span(url: str) -> tuple[int, int] | None:
    """Where the userinfo stands in a URL (start, end without the `@`), None without one."""
    start = url.find("://") + 3
    if start < 3:
        return None
    end = url.rfind("@", start, _authority_end(url, start))
    return (start, end) if end > start else None


def query_span(url: str) -> tuple[int, int]:
    """Where the query stands in a URL (start after the `?`, end before the `#`)."""
    end = url.find("#")
    end = len(url) if end < 0 else end
    start = url.find("?", 0, end)
    return (start + 1, end) if start >= 0 else (end, end)


def masked(url: str, spans: list[tuple[int, int]]) -> str:
    """The URL with its userinfo, and the given stretches of it, replaced by `***`."""
    userinfo = userinfo_span(url)
    ends = len(url)
    for start, end in sorted([*spans, *([userinfo] if userinfo else [])], reverse=True):
        if end <= ends:
            url = url[:start] + MASK + url[end:]
            ends = start
    return url


def _authority_end(url: str, start: int) -> int:
    ends = [at for mark in "/?#" if (at := url.find(mark, start)) >= 0]
    return min(ends, default=len(url))

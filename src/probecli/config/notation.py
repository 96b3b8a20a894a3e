"""Whether a text is what it should be: an address, a proxy, a pattern, a JSONPath, a reason."""

import re
from functools import lru_cache

from probecli.config.mistake import quoted
from probecli.config.scalar import parse_statuses
from probecli.config.url import problem_with_host
from probecli.model.cause import CAUSES


def is_address(text: str) -> bool:
    """Whether a text is an IPv4 or IPv6 address."""
    from ipaddress import ip_address

    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def is_endpoint(text: str) -> bool:
    """Whether a text is `IP`, `IPv4:port`, `[IPv6]` or `[IPv6]:port`."""
    if is_address(text):
        return True
    match = re.fullmatch(r"(?:\[([^\]]+)\]|([\d.]+))(?::(\d{1,5}))?", text)
    if not match or not is_address(match[1] or match[2]):
        return False
    return match[3] is None or 1 <= int(match[3]) <= 65535


def proxy_problem(url: str) -> str | None:
    """Why a URL names no proxy that can be used, in words."""
    from urllib.parse import urlsplit

    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        return "no valid proxy URL"
    if parts.scheme not in ("http", "https"):
        return "a proxy is a URL http://host:port or https://host:port"
    if port == 0 or not host or parts.path not in ("", "/"):
        return "a proxy is a URL http://host:port or https://host:port"
    return problem_with_host(host)


@lru_cache(maxsize=1024)
def is_retry_reason(reason: str) -> bool:
    """Whether `retry.on` may name it: a cause, its beginning (`tcp`, `tcp.*`), statuses."""
    stem = reason.removesuffix(".*")
    if any(name == reason or name.startswith(stem + ".") for name in CAUSES):
        return True
    try:
        return bool(parse_statuses(reason))
    except ValueError:
        return False


@lru_cache(maxsize=4096)
def pattern_problem(pattern: str) -> str | None:
    """Why a pattern is none that runs in linear time (RE2), in words."""
    import re2

    options = re2.Options()
    options.log_errors = False
    try:
        re2.compile(pattern, options)
    except re2.error as error:
        reason = error.args[0] if error.args else "unknown"
        reason = reason.decode(errors="replace") if isinstance(reason, bytes) else str(reason)
        hint = ""
        if re.search(r"\(\?<?[=!]|\\[1-9]", pattern):
            hint = "; RE2 has no look-around and no back-references, so that it runs in linear time"
        return f"no RE2 pattern: {quoted(reason)}{hint}"
    except UnicodeError:
        return "no RE2 pattern: it is no valid text"
    return None


@lru_cache(maxsize=4096)
def jsonpath_problem(query: str) -> str | None:
    """Why a query is no RFC 9535 JSONPath, in words."""
    import jsonpath_rfc9535

    try:
        jsonpath_rfc9535.compile(query)
    except (jsonpath_rfc9535.JSONPathError, RecursionError, ValueError) as error:
        hint = "; a JSONPath starts with `$`" if not query.startswith("$") else ""
        return f"no JSONPath (RFC 9535): {quoted(str(error).split(',')[0], 100)}{hint}"
    return None

"""What must hold within one target beyond the types of its fields: one small rule each."""

import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from probecli.config.mistake import KeyPath, quoted, suggestion
from probecli.config.notation import (
    is_address,
    is_endpoint,
    is_retry_reason,
    jsonpath_problem,
    pattern_problem,
    proxy_problem,
)
from probecli.model.cause import CAUSES
from probecli.model.target import Expectations, Kind, Matcher, Target

Problem = tuple[KeyPath, str]
Rule = Callable[[Target], Iterator[Problem]]

EXPECTATIONS_BY_KIND: dict[Kind, frozenset[str]] = {
    "http": frozenset(
        {"status", "body", "header", "json", "latency", "certificate_days", "final_url"}
    ),
    "ws": frozenset({"status", "header", "latency", "certificate_days"}),
    "tcp": frozenset({"banner", "latency"}),
    "tls": frozenset({"banner", "latency", "certificate_days"}),
    "dns": frozenset({"records", "rcode", "latency"}),
}
# 101 is what a ws target expects unless it says otherwise itself.
NOT_INHERITED: dict[Kind, frozenset[str]] = {"ws": frozenset({"status"})}
_REQUEST = frozenset(
    {
        "method",
        "headers",
        "body",
        "json",
        "form",
        "auth",
        "follow_redirects",
        "max_redirects",
        "http_version",
    }
)
MEANINGLESS_BY_KIND: dict[Kind, frozenset[str]] = {
    "http": frozenset(),
    "ws": _REQUEST - {"headers", "auth"},
    "tcp": _REQUEST | {"tls"},
    "tls": _REQUEST,
    "dns": _REQUEST | {"tls", "proxy"},
}
RCODES = (
    *("NOERROR", "FORMERR", "SERVFAIL", "NXDOMAIN", "NOTIMP", "REFUSED"),
    *("YXDOMAIN", "YXRRSET", "NXRRSET", "NOTAUTH", "NOTZONE"),
)
_TOKEN = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
_FORBIDDEN_IN_VALUE = r"[\x00-\x08\x0a-\x1f\x7f]"


def problems(target: Target) -> Iterator[Problem]:
    """Everything that is wrong with a target's fields, each with its path."""
    for rule in RULES:
        yield from rule(target)


def problems_of_kind(given: Mapping[str, Any], kind: Kind) -> Iterator[Problem]:
    """What a target states itself although it means nothing for its kind."""
    for key in MEANINGLESS_BY_KIND[kind] & given.keys():
        yield (key,), f"`{key}` is not for {kind} targets"
    allowed = EXPECTATIONS_BY_KIND[kind]
    for level in ("expect", "warn"):
        stated = given.get(level)
        for key in stated if isinstance(stated, dict) else ():
            if key in Expectations.__struct_fields__ and key not in allowed:
                known = ", ".join(sorted(allowed))
                yield (level, key), f"`{key}` is not for {kind} targets, which have: {known}"


def _one_body(target: Target) -> Iterator[Problem]:
    given = [key for key in ("body", "json", "form") if getattr(target, key) is not None]
    if len(given) > 1:
        yield (given[1],), f"only one of body, json and form; `{given[0]}` is given too"


def _one_auth(target: Target) -> Iterator[Problem]:
    auth = target.auth
    if auth is None:
        return
    if (auth.basic is None) == (auth.bearer is None):
        yield ("auth",), "give one of basic and bearer"
    if any(name.lower() == "authorization" for name in target.headers):
        yield ("auth",), "the header Authorization is given too; keep one of the two"


def _legal_headers(target: Target) -> Iterator[Problem]:
    seen: dict[str, str] = {}
    for name, value in target.headers.items():
        path = ("headers", name)
        if not re.fullmatch(_TOKEN, name):
            yield path, f"{quoted(name)} is no header name"
        if re.search(_FORBIDDEN_IN_VALUE, value):
            yield path, "a header's value holds no line break or control character"
        if (first := seen.setdefault(name.lower(), name)) != name:
            yield path, f"the header {quoted(first)} is given twice; case does not matter"
    if not re.fullmatch(_TOKEN, target.method):
        yield ("method",), f"{quoted(target.method)} is no HTTP method"


def _addresses(target: Target) -> Iterator[Problem]:
    if target.resolve_to is not None and not is_address(target.resolve_to):
        yield ("resolve_to",), f"{quoted(target.resolve_to)} is no IP address"
    if target.resolver is not None and not is_endpoint(target.resolver):
        yield ("resolver",), f"{quoted(target.resolver)} is no IP address with or without :port"
    if target.proxy is not None and (problem := proxy_problem(target.proxy)):
        yield ("proxy",), problem


def _tls_files(target: Target) -> Iterator[Problem]:
    for key in ("ca_file", "cert_file", "key_file", "crl_file"):
        path = getattr(target.tls, key)
        if path is not None and (problem := _unreadable(path)):
            yield ("tls", key), problem
    if target.tls.key_file and not target.tls.cert_file:
        yield ("tls", "key_file"), "`cert_file` is missing beside it"


def _unreadable(path: str) -> str | None:
    # ca_file may also be a folder of hashed certificates, as OpenSSL has it.
    try:
        if not Path(path).is_dir():
            Path(path).open("rb").close()
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "not a path"
        return f"the file {quoted(path)} cannot be read: {reason}"
    return None


def _positive_times(target: Target) -> Iterator[Problem]:
    for key, value in (
        (("timeout",), target.timeout_s),
        (("connect_timeout",), target.connect_timeout_s),
        (("max_body",), target.max_body_bytes),
        (("retry", "max"), target.retry.max_s),
    ):
        if value <= 0:
            yield key, "must be more than 0"
    for level in ("expect", "warn"):
        expectations: Expectations = getattr(target, level)
        for phase in expectations.latency.__struct_fields__ if expectations.latency else ():
            bound = getattr(expectations.latency, phase)
            if bound is not None and bound <= 0:
                yield (level, "latency", phase.removesuffix("_s")), "must be more than 0"
        days = expectations.certificate_days
        if days is not None and days < 0:
            yield (level, "certificate_days"), "must be 0 or more"


def _retry_reasons(target: Target) -> Iterator[Problem]:
    for index, reason in enumerate(target.retry.on or ()):
        if not is_retry_reason(reason):
            known = [*CAUSES, *sorted({name.partition(".")[0] for name in CAUSES})]
            hint = suggestion(reason, known) or "; give causes (`tcp.reset`, `tcp.*`) or statuses"
            yield ("retry", "on", index), f"{quoted(reason)} is no cause and no status{hint}"


def _expectations(target: Target) -> Iterator[Problem]:
    for level in ("expect", "warn"):
        expectations: Expectations = getattr(target, level)
        for path, matcher in _matchers(expectations):
            yield from _matcher_problems((level, *path), matcher)
        for query in expectations.json or ():
            if problem := jsonpath_problem(query):
                yield (level, "json", query), problem
        for name in expectations.header or ():
            if not re.fullmatch(_TOKEN, name):
                yield (level, "header", name), f"{quoted(name)} is no header name"
        if expectations.rcode is not None and expectations.rcode not in RCODES:
            hint = suggestion(expectations.rcode, RCODES)
            yield (level, "rcode"), f"{quoted(expectations.rcode)} is no response code{hint}"
        if target.method == "HEAD" and (expectations.body or expectations.json):
            key = "body" if expectations.body else "json"
            yield (level, key), "the answer to HEAD has no body to look at"


def _matchers(expectations: Expectations) -> Iterator[tuple[KeyPath, Matcher]]:
    for key in ("body", "final_url", "banner"):
        if (matcher := getattr(expectations, key)) is not None:
            yield (key,), matcher
    for key in ("header", "json"):
        for name, matcher in (getattr(expectations, key) or {}).items():
            yield (key, name), matcher


def _matcher_problems(path: KeyPath, matcher: Matcher) -> Iterator[Problem]:
    # Under `json` the empty matcher is what a bare null stands for.
    if matcher == Matcher() and path[1] != "json":
        yield path, "says nothing to hold; give one of " + ", ".join(Matcher.__struct_fields__)
    for key in ("matches", "not_matches"):
        patterns = getattr(matcher, key) or ()
        for pattern in (patterns,) if isinstance(patterns, str) else patterns:
            if problem := pattern_problem(pattern):
                yield (*path, key), problem


RULES: tuple[Rule, ...] = (
    _one_body,
    _one_auth,
    _legal_headers,
    _addresses,
    _tls_files,
    _positive_times,
    _retry_reasons,
    _expectations,
)

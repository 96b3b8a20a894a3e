"""Which values of a target must never be shown, in every form in which they could appear."""

from base64 import b64encode
from collections.abc import Iterable, Mapping
from functools import lru_cache
from urllib.parse import quote, quote_plus, unquote

from probecli.config.mistake import KeyPath
from probecli.config.url import query_span, userinfo_span
from probecli.config.variables import Expansion
from probecli.model.target import Target

# Shorter ones would mask half of every output and hide nothing worth hiding.
MIN_LENGTH = 3
SECRET_FIELDS = frozenset({"headers", "auth", "body", "json", "form", "proxy"})
_CREDENTIAL_HEADERS = frozenset({"authorization", "proxy-authorization"})


def secrets_of(target: Target, expansions: Mapping[KeyPath, Expansion]) -> tuple[str, ...]:
    """Every form of a target's secrets, longest first.

    `expansions` are the texts with references by path within the target. Secret are the values
    that came from outside in headers, auth, body, proxy and the URL's userinfo and query; and
    literal userinfo, passwords, bearer tokens and Authorization headers.
    """
    values: list[str] = []
    for path, expansion in expansions.items():
        if path and path[0] in SECRET_FIELDS:
            values += expansion.values
        elif path == ("url",):
            for start, end in url_secret_spans(expansion):
                values += _parameter_values(expansion.text[start:end])
    for url in (target.url, target.proxy or ""):
        values += _userinfo_secrets(url)
    values += _auth_secrets(target)
    return _forms(values)


def url_secret_spans(expansion: Expansion) -> list[tuple[int, int]]:
    """The stretches of a URL that came from outside and stand in its userinfo or query."""
    secret = [span for span in (userinfo_span(expansion.text), query_span(expansion.text)) if span]
    overlaps = [
        (max(start, low), min(end, high)) for start, end in expansion.spans for low, high in secret
    ]
    return [(start, end) for start, end in overlaps if start < end]


def _parameter_values(text: str) -> list[str]:
    """The values in a stretch of a query (or of userinfo), and the stretch itself."""
    values = [text, *(pair.partition("=")[2] for pair in text.split("&") if "=" in pair)]
    return [*values, *map(unquote, values)]


def _userinfo_secrets(url: str) -> list[str]:
    span = userinfo_span(url)
    if span is None:
        return []
    userinfo = url[span[0] : span[1]]
    username, colon, password = userinfo.partition(":")
    pair = unquote(username) + ":" + unquote(password)
    secret = password if colon else username
    return [userinfo, secret, unquote(secret), pair]


def _auth_secrets(target: Target) -> list[str]:
    values = [
        value
        for name, header in target.headers.items()
        if name.lower() in _CREDENTIAL_HEADERS
        for value in (header, header.partition(" ")[2].strip())
    ]
    if target.auth and target.auth.basic:
        basic = target.auth.basic
        values += basic.password, f"{basic.username}:{basic.password}"
    if target.auth and target.auth.bearer:
        values.append(target.auth.bearer)
    return values


def _forms(values: Iterable[str]) -> tuple[str, ...]:
    forms: frozenset[str] = frozenset().union(*map(_forms_of, values))
    return tuple(sorted(forms, key=lambda form: (-len(form), form)))


@lru_cache(maxsize=256)
def _forms_of(value: str) -> frozenset[str]:
    forms: set[str] = set()
    for text in {value, value.strip(), *value.splitlines()}:
        if len(text) >= MIN_LENGTH:
            encoded = b64encode(text.encode(errors="surrogateescape")).decode()
            forms |= {text, _quoted(text, ""), _quoted(text, "/"), encoded, encoded.rstrip("=")}
            forms |= {quote_plus(text, errors="surrogateescape"), _in_json(text)}
    return frozenset(forms)


def _quoted(text: str, safe: str) -> str:
    return quote(text, safe=safe, errors="surrogateescape")


def _in_json(text: str) -> str:
    import json

    return json.dumps(text, ensure_ascii=False)[1:-1]

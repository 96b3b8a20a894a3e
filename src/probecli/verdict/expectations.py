"""Every expectation, one function each, and the table that names them.

To add one: its field in `model/target.py`, a function here, a row in `TABLE`, and its cause in
`model/cause.py` as `expect.<field>`.

A function gets what is expected and the evidence, and yields an outcome for each thing that can be
said. What was never measured (a phase not reached, the certificate of a plain connection) yields
nothing: it is neither met nor missed. Texts are raw; the judgement redacts and neutralises them.
"""

from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from typing import Any

from msgspec import Struct, structs

from probecli.model.evidence import Evidence
from probecli.model.target import Expectations, Latency, Matcher, StatusSet
from probecli.verdict.content import NotJsonError, body_text, by_name, parse_json
from probecli.verdict.matchers import Check, check_absent, check_json, check_text
from probecli.verdict.patterns import BadPatternError, compiled_path

# A node list may be as long as the body; what is listed of it stays readable.
MAX_NODES_LISTED = 5


class Outcome(Struct, frozen=True, gc=False, cache_hash=True):
    """An expectation held against the evidence, in raw words."""

    name: str
    ok: bool
    expected: str
    actual: str


def _outcomes(name: str, checks: Iterable[Check], *, by_key: bool) -> Iterator[Outcome]:
    for check in checks:
        label = f"{name}.{check.key}" if by_key else name
        yield Outcome(label, check.ok, check.expected, check.actual)


@lru_cache(maxsize=4096)
def _status_outcome(expected: StatusSet, status: int) -> tuple[Outcome]:
    return (Outcome("status", expected.__contains__(status), str(expected), str(status)),)


def _status(expected: StatusSet, evidence: Evidence) -> Iterable[Outcome]:
    http = evidence.http
    if http is None or http.status is None:
        return ()
    return _status_outcome(expected, http.status)


def _final_url(expected: Matcher, evidence: Evidence) -> Iterable[Outcome]:
    http = evidence.http
    if http is None or http.final_url is None:
        return ()
    return _outcomes("final_url", check_text(expected, http.final_url), by_key=True)


def _header(expected: dict[str, Matcher], evidence: Evidence) -> Iterator[Outcome]:
    if evidence.http is None or evidence.http.status is None:
        return
    headers = by_name(evidence.headers)
    for name, matcher in expected.items():
        value = headers.get(name.lower())
        checks = check_absent(matcher) if value is None else check_text(matcher, value)
        yield from _outcomes(f"header.{name.lower()}", checks, by_key=False)


def _body(expected: Matcher, evidence: Evidence) -> Iterable[Outcome]:
    if evidence.http is None or evidence.http.status is None:
        return ()
    text = _text(evidence)
    return _outcomes("body", check_text(expected, text), by_key=True)


def _json(expected: dict[str, Matcher], evidence: Evidence) -> Iterator[Outcome]:
    if evidence.http is None or evidence.http.status is None:
        return
    try:
        document = parse_json(_text(evidence))
    except NotJsonError as error:
        for path, matcher in expected.items():
            # No document has no nodes either, and yet nothing can be said of what is absent.
            present = structs.replace(matcher, exists=True) if matcher.exists is False else matcher
            yield from _outcomes(f"json.{path}", check_absent(present, str(error)), by_key=False)
        return
    for path, matcher in expected.items():
        yield from _outcomes(f"json.{path}", _nodes(path, matcher, document), by_key=False)


def _nodes(path: str, matcher: Matcher, document: Any) -> list[Check]:
    """The checks of the first nodes selected, or of the first that misses."""
    from jsonpath_rfc9535 import JSONPathError

    listed: list[Check] = []
    try:
        query = compiled_path(path)
        for count, node in enumerate(query.finditer(document)):
            checks = list(check_json(matcher, node.value))
            missed = [check for check in checks if not check.ok]
            if missed:
                where = "" if query.singular_query() else f" at {node.path()}"
                return [structs.replace(check, actual=check.actual + where) for check in missed]
            if count < MAX_NODES_LISTED:
                listed += checks
    except BadPatternError as error:
        return list(check_absent(matcher, str(error)))
    except RecursionError:
        return list(check_absent(matcher, "nested too deeply"))
    except JSONPathError as error:
        return list(check_absent(matcher, f"nested too deeply: {error}"))
    return listed or list(check_absent(matcher, "no node selected"))


def _text(evidence: Evidence) -> str:
    return body_text(by_name(evidence.headers).get("content-type", ""), evidence.body)


_PHASES = ("dns", "connect", "tls", "send", "wait", "receive", "total")


def _duration(milliseconds: float) -> str:
    return f"{milliseconds / 1000:.3g} s" if milliseconds >= 1000 else f"{milliseconds:.4g} ms"


def _latency(expected: Latency, evidence: Evidence) -> Iterator[Outcome]:
    for phase in _PHASES:
        bound_s = getattr(expected, phase + "_s")
        spent_ms = getattr(evidence.timings, phase)
        if bound_s is not None and spent_ms is not None:
            bound_ms = bound_s * 1000
            yield Outcome(
                f"latency.{phase}",
                spent_ms <= bound_ms,
                f"at most {_duration(bound_ms)}",
                _duration(spent_ms),
            )


def _certificate_days(expected: int, evidence: Evidence) -> Iterable[Outcome]:
    if evidence.tls is None or evidence.tls.certificate_days is None:
        return ()
    return _days_outcome(expected, evidence.tls.certificate_days)


@lru_cache(maxsize=4096)
def _days_outcome(expected: int, days: int) -> tuple[Outcome]:
    return (Outcome("certificate_days", days >= expected, f"at least {expected}", str(days)),)


def _banner(expected: Matcher, evidence: Evidence) -> Iterable[Outcome]:
    if evidence.banner is None:
        checks = check_absent(expected, "no banner")
    else:
        checks = check_text(expected, evidence.banner.decode("utf-8", "replace"))
    return _outcomes("banner", checks, by_key=True)


def _records(expected: tuple[str, ...], evidence: Evidence) -> Iterable[Outcome]:
    seen = sorted(set(evidence.records or ()))
    wanted = sorted(set(expected))
    actual = ", ".join(seen) or "none"
    return (Outcome("records", seen == wanted, ", ".join(wanted) or "none", actual),)


def _rcode(expected: str, evidence: Evidence) -> Iterable[Outcome]:
    seen = evidence.rcode or "none"
    return (Outcome("rcode", seen.upper() == expected.upper(), expected.upper(), seen.upper()),)


class Row(Struct, frozen=True):
    """An expectation's field, its function, and whether an unfinished answer suffices for it.

    With `plain`, nothing but the status and the certificate's days (see `plain_facts`) counts.
    """

    field: str
    evaluate: Callable[[Any, Evidence], Iterable[Outcome]]
    early: bool = False
    plain: bool = False


# From the outside in: what answered, where, in which words, how well. The first missed names the
# cause, since those after it are often its consequences (a redirect to a login page has another
# body, NXDOMAIN has no records).
TABLE: tuple[Row, ...] = (
    Row("status", _status, early=True, plain=True),
    Row("rcode", _rcode),
    Row("final_url", _final_url),
    Row("header", _header, early=True),
    Row("json", _json),
    Row("body", _body),
    Row("banner", _banner),
    Row("records", _records),
    Row("certificate_days", _certificate_days, early=True, plain=True),
    Row("latency", _latency),
)


def _placed(*, early: bool) -> tuple[tuple[Row, int], ...]:
    place = {name: number for number, name in enumerate(Expectations.__struct_fields__)}
    return tuple((row, place[row.field]) for row in TABLE if row.early or not early)


_ALL, _EARLY = _placed(early=False), _placed(early=True)


Given = tuple[tuple[Row, Any], ...]
# By identity: thousands of targets share one object, which has no hash. Each is held here, so that
# no other can take its identity.
_KNOWN: dict[int, tuple[Expectations, Given]] = {}
_MOST_KNOWN = 4096


def given(expectations: Expectations, *, early: bool = False) -> Given:
    """The rows that have an expectation, with it, in the order of the table.

    With `early`, only those that an unfinished answer suffices for.
    """
    if early:
        return _given(expectations, _EARLY)
    known = _KNOWN.get(id(expectations))
    if known is None:
        if len(_KNOWN) >= _MOST_KNOWN:
            _KNOWN.clear()
        known = _KNOWN[id(expectations)] = (expectations, _given(expectations, _ALL))
    return known[1]


def plain_facts(evidence: Evidence) -> tuple[int | None, int | None]:
    """All that a plain row looks at: the same few values for thousands of targets."""
    http, tls = evidence.http, evidence.tls
    return (
        None if http is None else http.status,
        None if tls is None else tls.certificate_days,
    )


def _given(expectations: Expectations, rows: tuple[tuple[Row, int], ...]) -> Given:
    values = structs.astuple(expectations)
    return tuple((row, values[place]) for row, place in rows if values[place] is not None)

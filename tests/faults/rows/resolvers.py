"""Faults that `dns://` targets look for: there the resolver is the target."""

from typing import Any

from dns.rcode import Rcode

from faults.dns import Answer, fails, knows, no_resolver, record, resolved, silence
from faults.fault import Fault
from faults.rows.names import (
    LIVE,
    MISSING,
    SHORT,
    malformed,
    truncated,
    truncated_and_closed,
    wrong_id_first,
)

TITLE = "Resolvers as targets"

DNS: dict[str, Any] = {"url": "dns://127.0.0.1:{dns}/service.test?type=A"}
ONE_RECORD: dict[str, Any] = {"expect": {"records": ["127.0.0.1"]}}


def asked(
    name: str,
    state: Any,
    cause: str | None,
    respond: Answer,
    words: str = "",
    note: str = "",
    **target: Any,
) -> Fault:
    """A `dns://` target whose resolver answers as `respond` does."""
    return Fault(name, state, cause, resolved(respond), {**DNS, **target}, words, note)


ROWS = (
    asked("dns record", "up", None, knows(LIVE), note="The record expected.", **ONE_RECORD),
    asked("dns without expectation", "up", None, knows(LIVE), note="An answer is enough."),
    asked(
        "dns record differs",
        "down",
        "expect.records",
        knows(record("A", "203.0.113.9")),
        "203.0.113.9",
        "Another address than expected: a hijack, or a forgotten change.",
        **ONE_RECORD,
    ),
    asked(
        "dns record too many",
        "down",
        "expect.records",
        knows(LIVE, record("A", "203.0.113.9")),
        "203.0.113.9",
        "`records` is an exact set.",
        **ONE_RECORD,
    ),
    asked(
        "dns rcode differs",
        "down",
        "expect.rcode",
        knows(LIVE),
        "NOERROR",
        "The name should be gone, and it is there.",
        expect={"rcode": "NXDOMAIN"},
    ),
    asked(
        "dns NXDOMAIN wanted",
        "up",
        None,
        fails(Rcode.NXDOMAIN),
        note="What `expect.rcode` names is no fault.",
        expect={"rcode": "NXDOMAIN"},
    ),
    asked("dns NXDOMAIN", "down", MISSING, fails(Rcode.NXDOMAIN), "NXDOMAIN", "No such name."),
    asked("dns SERVFAIL", "down", "dns.failed", fails(Rcode.SERVFAIL), "SERVFAIL", "It failed."),
    asked("dns REFUSED", "down", "dns.failed", fails(Rcode.REFUSED), "REFUSED", "It refused."),
    asked(
        "dns silent",
        "down",
        "dns.unreachable",
        silence,
        note="Down, not unknown: the resolver is the target.",
        **SHORT,
    ),
    Fault(
        "dns, nobody there",
        "down",
        "dns.unreachable",
        no_resolver,
        {**DNS, **SHORT},
        note="Down, not unknown: the resolver is the target.",
    ),
    asked("dns malformed", "down", "dns.failed", malformed, note="No DNS message."),
    asked("dns truncated", "up", None, truncated, note="Asked again over TCP.", **ONE_RECORD),
    Fault(
        "dns truncated, and no TCP",
        "down",
        "dns.failed",
        resolved(truncated, tcp=False),
        DNS,
        "the answer is truncated, and the resolver takes no TCP",
        "A firewall that lets DNS through over UDP alone.",
    ),
    asked(
        "dns truncated, and closed over TCP",
        "down",
        "dns.failed",
        truncated_and_closed,
        "the answer is truncated, and the resolver takes no TCP",
        "A resolver or a middlebox that closes where the whole answer is asked for.",
    ),
    asked(
        "dns wrong id, then right",
        "up",
        None,
        wrong_id_first,
        note="The forged answer is ignored.",
        **ONE_RECORD,
    ),
)

"""The table of faults is whole."""

from faults.fault import running
from faults.table import BY_NAME, FAULTS
from probecli.model.cause import CAUSES

WITHOUT_A_ROW = {
    "tcp.address_unreachable": "no loopback address makes a router answer EHOSTUNREACH",
    "tcp.failed": "what has no name of its own cannot be ordered",
    "http.failed": "what has no name of its own cannot be ordered",
    "local.resources": "needs a process without file descriptors",
    "local.interrupted": "is about the run, not about a server",
}


def test_every_cause_has_a_row_or_a_reason_to_have_none() -> None:
    assert {fault.cause for fault in FAULTS if fault.cause} == set(CAUSES) - set(WITHOUT_A_ROW)


def test_names_are_unique_and_every_row_has_a_note() -> None:
    assert len(BY_NAME) == len(FAULTS)
    plain = {"gzip", "br"}
    assert [fault.name for fault in FAULTS if not fault.note and fault.name not in plain] == []


def test_states_are_those_of_their_causes_but_for_warnings_and_resolvers_as_targets() -> None:
    odd = {
        (fault.state, fault.cause)
        for fault in FAULTS
        if fault.state != (CAUSES[fault.cause].state if fault.cause else "up")
    }
    assert ("down", "dns.unreachable") in odd
    odd.discard(("down", "dns.unreachable"))
    assert {state for state, _ in odd} == {"degraded"}
    assert all(str(cause).startswith("expect.") for _, cause in odd)


def test_every_server_starts_gives_a_url_and_ends_by_itself() -> None:
    for fault in FAULTS:
        with running(fault) as url:
            assert "{" not in url, fault.name

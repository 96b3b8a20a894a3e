"""The resolver answers as its rows say, as dnspython sees it."""

import socket
from typing import Any

import dns.exception
import dns.message
import dns.query
import dns.rcode
import pytest


def _asked(target: dict[str, Any], kind: str = "A") -> dns.message.Message:
    port = int(target["resolver"].rpartition(":")[2])
    question = dns.message.make_query("service.test.", kind)
    answer, _ = dns.query.udp_with_fallback(
        question, "127.0.0.1", port=port, timeout=0.3, ignore_unexpected=True, ignore_errors=True
    )
    return answer


@pytest.mark.parametrize(
    ("target", "rcode", "records"),
    [
        ("name found", "NOERROR", 1),
        ("NXDOMAIN", "NXDOMAIN", 0),
        ("NODATA", "NOERROR", 0),
        ("SERVFAIL", "SERVFAIL", 0),
        ("REFUSED", "REFUSED", 0),
        ("CNAME chain", "NOERROR", 3),
        ("CNAME to nothing", "NXDOMAIN", 1),
        ("late answer", "NOERROR", 1),
        ("wrong id, then right", "NOERROR", 1),
        ("truncated", "NOERROR", 1),
        ("AAAA only", "NOERROR", 0),
    ],
    indirect=["target"],
)
def test_the_resolver_answers_as_the_row_says(
    target: dict[str, Any], rcode: str, records: int
) -> None:
    answer = _asked(target)
    assert dns.rcode.to_text(answer.rcode()) == rcode
    assert len(answer.answer) == records


@pytest.mark.parametrize(
    ("target", "error"),
    [
        ("silent resolver", dns.exception.Timeout),
        ("answers to nothing", dns.exception.Timeout),
        ("answer too late", dns.exception.Timeout),
        ("truncated, and no TCP", ConnectionRefusedError),
    ],
    indirect=["target"],
)
def test_the_resolver_fails_as_the_row_says(target: dict[str, Any], error: type[Exception]) -> None:
    with pytest.raises(error):
        _asked(target)


@pytest.mark.parametrize("target", ["no resolver"], indirect=True)
def test_where_no_resolver_is_the_kernel_says_so(target: dict[str, Any]) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
        udp.settimeout(5)
        udp.connect(("127.0.0.1", int(target["resolver"].rpartition(":")[2])))
        udp.send(b"x")
        with pytest.raises(ConnectionRefusedError):
            udp.recv(1)

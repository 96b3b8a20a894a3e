"""Cases of DNS: answers from a grammar of hostile records, then mutated."""

from random import Random
from threading import Event

import dns.exception
import dns.flags
import dns.message
from dns.rcode import Rcode

from faults.dns import Query, record, reply
from fuzz.mutate import mutated

TYPES = ("A", "AAAA", "MX", "TXT", "CNAME", "NS", "SOA", "SRV", "CAA", "HTTPS", "PTR")

_RECORDS = (
    ("A", "127.0.0.1"), ("A", "0.0.0.0"), ("A", "255.255.255.255"), ("AAAA", "::1"), ("AAAA", "::"),
    ("AAAA", "::ffff:127.0.0.1"), ("AAAA", "fe80::1"), ("CNAME", "www.fuzz."), ("CNAME", "."),
    ("MX", "10 mail.fuzz."), ("TXT", '"\\027[2J" "v=spf1"'), ("TXT", '"' + "x" * 250 + '"'),
    ("TXT", '"::error::x"'), ("NS", "ns.fuzz."), ("SRV", "1 2 3 srv.fuzz."),
    ("SOA", "ns.fuzz. root.fuzz. 1 2 3 4 5"), ("CAA", '0 issue "ca.fuzz"'),
    ("HTTPS", "1 . alpn=h2 ipv4hint=127.0.0.1"), ("PTR", "\\000\\027.fuzz."),
)  # fmt: skip
_POINTERS = (
    b"\xc0\x0c",
    b"\xc0\x00",
    b"\xc0\xff",
    b"\xff\xff",
    b"\x3f",
    b"\x40",
    b"\xc0\x2a\xc0\x2c",
)


def _answer(rng: Random, query: Query, name: str) -> bytes:
    chosen = rng.choices(_RECORDS, k=rng.choice((0, 0, 1, 1, 1, 2, 2, 5)))
    if rng.random() < 0.5:
        chosen.append(("A", "127.0.0.1"))
    owners = (name, name, name, "other.fuzz", "www.fuzz")
    records = [record(kind, data, rng.choice(owners)) for kind, data in chosen]
    if rng.random() < 0.03:
        records += [record("CNAME", f"c{at + 1}.fuzz.", f"c{at}.fuzz") for at in range(40)]
    rcode = Rcode.NOERROR if rng.random() < 0.7 else Rcode(rng.randrange(16))
    flags = rng.choice((0, 0, 0, 0, 0, dns.flags.TC, dns.flags.AD, dns.flags.RA))
    return reply(query, *records, rcode=rcode, flags=flags)


def _changed(rng: Random, answer: bytes) -> bytes:
    if rng.random() < 0.3:
        at = rng.randrange(12, len(answer) + 1)
        pointer = rng.choice(_POINTERS)
        answer = answer[:at] + pointer + answer[at + len(pointer) :]
    changed = mutated(rng, answer, 2)
    # An answer with another id is ignored, so most keep theirs.
    return answer[:2] + changed[2:] if rng.random() < 0.93 else changed


def answers(rng: Random, question: bytes, *, over_tcp: bool) -> tuple[bytes, ...]:
    """The messages that a server sends for `question`; none is silence."""
    try:
        message = dns.message.from_wire(question)
    except dns.exception.DNSException:
        return ()
    # However little the client says that it takes, it is sent the whole.
    message.use_edns(payload=65535)
    query = Query(message, over_tcp, Event())
    name = message.question[0].name.to_text(omit_final_dot=True)
    way = rng.random()
    if way < 0.02:
        return ()
    if way < 0.05:
        return (question[:2] + rng.randbytes(rng.randrange(200)),)
    answer = _answer(rng, query, name)
    if way < 0.55:
        answer = _changed(rng, answer)
    if way > 0.97:
        return (rng.randbytes(20), answer, answer)
    return (answer,)

"""Every cause has a diagnosis of two sentences that says what was seen and no more."""

import re
from typing import Any

import pytest

from probecli.explain.cases import CASES, REMARKS
from probecli.explain.clues import Clues, Control
from probecli.explain.diagnosis import diagnosis
from probecli.explain.facts import (
    AddressTried,
    Agreed,
    AttemptFacts,
    CertificateFacts,
    Chain,
    Explanation,
    HopFacts,
    Names,
    Response,
)
from probecli.model.cause import CAUSES
from probecli.model.result import (
    Attempt,
    ExpectationResult,
    HttpFacts,
    Result,
    Server,
    Timings,
)

IP = "203.0.113.7"
HOST = "www.example.org"
NAMES = Names(host=HOST, resolver="192.0.2.53", dns_ms=3.0, addresses=(IP,))
UNRESOLVED = Names(host=HOST, resolver="192.0.2.53", dns_ms=3.0)
ANSWERED = (AddressTried(ip=IP, port=443, fate="answered"),)
SERVER = Server(HOST, IP, 443, "ipv4")
TIMINGS = Timings(dns=3.0, connect=9.0, tls=14.0, send=0.1, wait=88.0, receive=0.4, total=115.0)
LEAF = CertificateFacts(
    subject=f"CN={HOST}",
    issuer="CN=Root",
    not_before="2026-01-01T00:00:00.000Z",
    not_after="2026-02-01T00:00:00.000Z",
    days=61,
    matches=True,
)


def clues(
    cause: str | None,
    *,
    state: Any = None,
    detail: str | None = None,
    kind: str = "http",
    status: int | None = None,
    reason: str = "",
    retry_after_s: float | None = None,
    hop: HopFacts | None = None,
    before: tuple[HopFacts, ...] = (),
    tries: tuple[str | None, ...] = (),
    flaky: bool = False,
    chain: Chain | None = None,
    missed: ExpectationResult | None = None,
    control: Control = "none",
) -> Clues:
    """The clues of a target that ended so; without `hop`, at a server that answered over TLS."""
    state = state or (CAUSES[cause].state if cause else "up")
    hop = hop or HopFacts(
        url=f"https://{HOST}/", names=NAMES, tried=ANSWERED, server=SERVER, tls=Agreed()
    )
    attempts = [
        Attempt(
            number=number,
            started_at="2026-01-01T00:00:00.000Z",
            duration_ms=115.0,
            state="down" if one else "up",
            cause=one,
            detail=None,
            status=None,
            ip=None,
            timings_ms=TIMINGS,
        )
        for number, one in enumerate((*tries, cause), 1)
    ]
    result = Result(
        name="web",
        kind=kind,
        url=f"https://{HOST}/",
        group=None,
        tags=(),
        state=state,
        cause=cause,
        detail=detail,
        flaky=flaky,
        gated=True,
        started_at="2026-01-01T00:00:00.000Z",
        duration_ms=115.0,
        server=hop.server,
        http=HttpFacts(method="GET", status=status, retry_after_s=retry_after_s),
        timings_ms=TIMINGS,
        expectations=(missed,) if missed else (),
        attempts=tuple(attempts),
    )
    return Clues(
        explanation=Explanation(
            result=result,
            diagnosis="",
            attempts=tuple(AttemptFacts(attempt=one, hops=(*before, hop)) for one in attempts),
            chain=chain,
            response=Response(reason=reason),
        ),
        control=control,
    )


def failing_hop(cause: str, detail: str, *ips: str, **facts: Any) -> HopFacts:
    """A hop at which no address answered."""
    tried = tuple(
        AddressTried(ip=ip, port=443, fate="failed", cause=cause, detail=detail)
        for ip in ips or (IP,)
    )
    names = Names(host=HOST, resolver="192.0.2.53", addresses=ips or (IP,))
    return HopFacts(
        url=f"https://{HOST}/",
        names=names,
        tried=tried,
        server=Server(HOST, None, 443, None),
        cause=cause,
        detail=detail,
        **facts,
    )


def sentences(text: str) -> int:
    """How many sentences `text` has; addresses and numbers are not ends of one."""
    return len(re.findall(r"\.(?= [A-Z]|$)", text))


@pytest.mark.parametrize("cause", [*CAUSES, None])
@pytest.mark.parametrize("control", ["none", "answers", "fails"])
@pytest.mark.parametrize("kind", ["http", "tcp", "dns"])
def test_every_cause_has_two_sentences_whatever_is_known(
    cause: str | None, control: Control, kind: str
) -> None:
    bare = clues(cause, kind=kind, control=control)
    told = clues(cause, kind=kind, control=control, detail="some words", status=200, reason="OK")
    empty = Clues(
        explanation=Explanation(result=bare.explanation.result, diagnosis=""), control=control
    )
    for one in (bare, told, empty):
        text = diagnosis(one)
        assert sentences(text) == 2, text
        assert "{" not in text.replace("{ca_file}", "")
        assert "None" not in text
        assert "  " not in text


def test_the_table_has_every_cause_and_a_remark_for_every_reach() -> None:
    assert set(CASES) == {*CAUSES, None}
    reaches = {reach for reach, _ in REMARKS}
    assert {case.reach for case in CASES.values()} <= reaches
    assert len(REMARKS) == 3 * len(reaches)


REFUSED = failing_hop("tcp.refused", "connection refused")
SILENT = failing_hop("tcp.timed_out", "no connection within 5 s")
WRONG_NAME = Chain(
    host=HOST,
    verified=False,
    diagnostic=True,
    certificates=(
        CertificateFacts(
            subject="CN=other",
            issuer="CN=Root",
            not_before="",
            not_after="",
            days=9,
            faults=(f"not for {HOST}, but for other.test",),
        ),
    ),
)

TABLE = [
    (
        clues("http.error", status=503, reason="Service Unavailable", retry_after_s=300),
        f"Name resolution works, {IP} accepts connections, TLS is agreed on, and the web tier "
        "answers 503 Service Unavailable with Retry-After 300. The service itself is refusing; "
        "your network is fine.",
    ),
    (
        clues("http.error", status=502, reason="Bad Gateway", control="answers"),
        f"Name resolution works, {IP} accepts connections, TLS is agreed on, and the web tier "
        "answers 502 Bad Gateway. The service itself does not answer the gateway that stands "
        "before it; a control answers too, so your network is fine.",
    ),
    (
        clues("tcp.refused", detail="connection refused", hop=REFUSED),
        f"Name resolution works, and {IP} refuses the connection. The host is alive, and either "
        "nothing listens on port 443 or a firewall rejects it; a reply came back, so your network "
        "lets packets through.",
    ),
    (
        clues(
            "tcp.refused",
            hop=failing_hop("tcp.refused", "connection refused", "2001:db8::7", IP),
            control="answers",
        ),
        f"Name resolution works, and 2001:db8::7 and {IP} refuse the connection. The host is "
        "alive, and either nothing listens on port 443 or a firewall rejects it; a control "
        "answers, so your network is fine.",
    ),
    (
        clues("tcp.timed_out", detail="no connection within 5 s", hop=SILENT, control="answers"),
        f"Name resolution works, and {IP} does not answer: no connection within 5 s. The host is "
        "off or overloaded, or a firewall on the way drops packets silently; a control answers, "
        "so your own network works.",
    ),
    (
        clues("tcp.timed_out", detail="no connection within 5 s", hop=SILENT),
        f"Name resolution works, and {IP} does not answer: no connection within 5 s. The host is "
        "off or overloaded, or a firewall on the way drops packets silently; no control was "
        "probed, so your own network cannot be ruled out.",
    ),
    (
        clues(
            "dns.name_not_resolved",
            detail="no such name (NXDOMAIN)",
            hop=HopFacts(url=f"https://{HOST}/", names=UNRESOLVED),
        ),
        f"The resolver 192.0.2.53 answers for {HOST}: no such name (NXDOMAIN). Nothing was "
        "contacted: check the spelling, and whether the name or its record was removed; the "
        "resolver answers, so your network is fine that far.",
    ),
    (
        clues("dns.unreachable", kind="dns", state="down", detail="no answer after 1 s"),
        f"The resolver {IP} does not answer: no answer after 1 s. The resolver is off or "
        "overloaded, or something on the way drops packets silently; no control was probed, so "
        "your own network cannot be ruled out.",
    ),
    (
        clues("tls.cert.name_invalid", chain=WRONG_NAME,
              hop=HopFacts(url="", names=NAMES, tried=ANSWERED, server=SERVER)),
        f"Name resolution works, {IP} accepts connections, and the certificate served is not for "
        f"{HOST}, but for other.test. The wrong virtual host answers, or its certificate lacks "
        "this name; your network is fine.",
    ),
    (
        clues("content.unavailable", status=200, reason="OK", detail='the page says "En travaux"'),
        f"Name resolution works, {IP} accepts connections, TLS is agreed on, and the web tier "
        'answers 200 OK, yet the page says "En travaux". The web tier works and serves a holding '
        "page, so the service behind it is off; your network is fine.",
    ),
    (
        clues("local.network", detail="no route to this network from here", hop=SILENT,
              control="fails"),
        "Name resolution works, and the way out of this machine fails: no route to this network "
        "from here. Look at this machine's link, routes and proxy; every control fails too, and "
        "nothing is known of the service itself.",
    ),
    (
        clues(None, status=200, reason="OK", chain=Chain(host=HOST, verified=True,
                                                         certificates=(LEAF,))),
        f"Name resolution works, {IP} accepts connections, its certificate is valid, and the "
        "answer is 200 OK in 115 ms. The service answers; your network is fine.",
    ),
    (
        clues(None, status=200, reason="OK", tries=("http.error",), flaky=True),
        f"Name resolution works, {IP} accepts connections, TLS is agreed on, and the answer is "
        "200 OK in 115 ms. The service answers; but only at attempt 2, after http.error.",
    ),
    (
        clues(
            "expect.json", status=200, reason="OK",
            missed=ExpectationResult(name="json.$.status", level="expect", ok=False,
                                     expected='"up"', actual='"starting"'),
        ),
        f"Name resolution works, {IP} accepts connections, TLS is agreed on, and the web tier "
        'answers 200 OK, but its JSON $.status is "starting", expected "up". The exchange itself '
        "works, and what came back is not what the target file asks for; your network is fine.",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("one", "text"), TABLE, ids=[text[-60:] for _, text in TABLE])
def test_a_diagnosis_says_how_far_it_came_and_what_that_means(one: Clues, text: str) -> None:
    assert diagnosis(one) == text


def test_redirects_are_part_of_the_way() -> None:
    first = HopFacts(url="http://a.test/", server=Server("a.test", "192.0.2.1", 80, "ipv4"))
    text = diagnosis(clues("http.error", status=500, before=(first,)))
    assert text.startswith(f"A redirect leads to {HOST}, name resolution works, {IP} accepts")


def test_a_dead_address_beside_a_live_one_is_worth_a_word() -> None:
    dead = AddressTried(
        ip="2001:db8::7", port=443, fate="failed", cause="tcp.refused", detail="connection refused"
    )
    hop = HopFacts(url="", names=NAMES, tried=(dead, *ANSWERED), server=SERVER)
    text = diagnosis(clues(None, status=200, hop=hop))
    assert "2001:db8::7 fails (connection refused)" in text


def test_a_proxy_that_refuses_is_not_taken_for_the_service() -> None:
    hop = HopFacts(url="", proxy="proxy.test:3128", tried=ANSWERED, server=SERVER)
    text = diagnosis(
        clues("http.error", hop=hop, detail="the proxy answered 502 Bad Gateway to CONNECT")
    )
    assert text == (
        "The proxy proxy.test:3128 accepts connections, and the proxy answered 502 Bad Gateway to "
        "CONNECT. The service itself was not reached, for the proxy before it refuses; whoever "
        "runs the proxy can say why."
    )


def test_a_network_is_called_fine_only_where_something_came_back() -> None:
    for cause, case in CASES.items():
        if case.reach in ("silent", "own"):
            text = diagnosis(clues(cause, detail="some words"))
            assert "network is fine" not in text, cause

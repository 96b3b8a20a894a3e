import pytest
from hypothesis import given
from hypothesis import strategies as st

from probecli.model.cause import CAUSES
from probecli.model.evidence import Evidence, Failure
from probecli.model.result import HttpFacts, Timings, TlsFacts
from probecli.model.target import Expectations, Latency, Matcher, Seconds
from probecli.text import one_line
from probecli.verdict import judge
from verdict.evidence import answer, expecting, statuses, target

HOLDING = b"<title>Service momentan\xc3\xa9ment indisponible</title>"
CHALLENGE = (("cf-mitigated", "challenge"), ("Content-Type", "text/html"))
REFUSED = Failure("tcp.refused", "connection refused by 203.0.113.7:443")


def named(verdict_expectations: tuple[object, ...]) -> list[str]:
    return [result.name for result in verdict_expectations]  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("evidence", "fields", "state", "cause", "detail"),
    [
        (answer(200), {}, "up", None, None),
        (answer(304), {}, "up", None, None),
        (
            answer(503, reason="Service Unavailable"),
            {},
            "down",
            "http.error",
            "503 Service Unavailable, expected 200-399",
        ),
        (answer(404), {}, "down", "http.error", "404 Not Found, expected 200-399"),
        (answer(521), {}, "down", "http.error", "521, expected 200-399"),
        (answer(503, reason="Closed"), {}, "down", "http.error", "503 Closed, expected 200-399"),
        (
            answer(429),
            {},
            "unknown",
            "blocked.rate_limited",
            "429 Too Many Requests, expected 200-399",
        ),
        (
            answer(429, retry_after_s=120.0),
            {},
            "unknown",
            "blocked.rate_limited",
            "429 Too Many Requests, expected 200-399; it asks to wait 120 s",
        ),
        (answer(429), {"expect": expecting(status=statuses(200, 429))}, "up", None, None),
        (answer(503), {"expect": expecting(status=statuses(503))}, "up", None, None),
        (
            answer(302),
            {"expect": expecting(status=statuses(200, (204, 206)))},
            "down",
            "expect.status",
            "302 Found, expected 200, 204-206",
        ),
        (answer(500), {"expect": Expectations()}, "up", None, None),
        (
            answer(301),
            {"warn": Expectations(status=statuses(200))},
            "degraded",
            "expect.status",
            "301 Moved Permanently, expected 200",
        ),
        (
            answer(days=6),
            {},
            "degraded",
            "expect.certificate_days",
            "certificate_days: 6, expected at least 14",
        ),
        (
            answer(days=6),
            {"expect": expecting(certificate_days=7)},
            "down",
            "expect.certificate_days",
            "certificate_days: 6, expected at least 7",
        ),
        (answer(days=None), {}, "up", None, None),
        (
            answer(body=HOLDING),
            {},
            "down",
            "content.unavailable",
            'the page says "Service momentanément indisponible"',
        ),
        (answer(body=HOLDING), {"detect_unavailable": False}, "up", None, None),
        (answer(302, HOLDING), {}, "up", None, None),
        (
            answer(403, headers=CHALLENGE),
            {},
            "unknown",
            "blocked.challenge",
            "Cloudflare challenge (cf-mitigated: challenge)",
        ),
        (
            answer(timings=Timings(total=4210.0)),
            {"warn": Expectations(latency=Latency(total_s=Seconds(1)))},
            "degraded",
            "expect.latency",
            "latency.total: 4.21 s, expected at most 1 s",
        ),
        (
            answer(body=b"KO", headers=(("Content-Type", "text/plain"),)),
            {"expect": expecting(body=Matcher(contains=("ok", "fine")))},
            "down",
            "expect.body",
            'body.contains: "KO", expected containing "ok" (and 1 more missed)',
        ),
    ],
)
def test_evidence_has_its_verdict(
    evidence: Evidence,
    fields: dict[str, object],
    state: str,
    cause: str | None,
    detail: str | None,
) -> None:
    verdict = judge(target(**fields), evidence)

    assert (verdict.state, verdict.cause, verdict.detail) == (state, cause, detail)


LADDER = [
    ("tcp.refused", {"failure": REFUSED}),
    ("blocked.challenge", {"headers": CHALLENGE}),
    ("http.error", {"status": 503}),
    ("expect.body", {"body": HOLDING + b"<p>erreur"}),
    ("content.unavailable", {"body": HOLDING}),
    ("expect.certificate_days", {"days": 3}),
    (None, {}),
]


@pytest.mark.parametrize("rung", range(len(LADDER)))
def test_the_first_fault_in_the_order_of_the_contract_is_the_cause(rung: int) -> None:
    faults: dict[str, object] = {}
    for _, fault in reversed(LADDER[rung:]):
        faults |= fault
    wanted = target(expect=expecting(body=Matcher(not_contains="erreur")))

    assert judge(wanted, answer(**faults)).cause == LADDER[rung][0]  # type: ignore[arg-type]


def test_a_failure_lists_only_what_the_head_had_told() -> None:
    wanted = target(
        expect=expecting(body=Matcher(contains="ok"), latency=Latency(total_s=Seconds(1)))
    )
    cut = answer(200, b"half", failure=Failure("http.response.invalid", "closed inside the body"))
    never = Evidence(timings=Timings(), failure=REFUSED)

    assert named(judge(wanted, cut).expectations) == ["status", "certificate_days"]
    assert judge(wanted, cut).cause == "http.response.invalid"
    assert judge(wanted, never).expectations == ()
    assert judge(wanted, never).detail == REFUSED.detail


@pytest.mark.parametrize(
    ("url", "state"), [("https://example.org", "unknown"), ("dns://192.0.2.1/a", "down")]
)
def test_an_unreachable_resolver_is_down_only_where_it_is_the_target(url: str, state: str) -> None:
    silent = Evidence(timings=Timings(), failure=Failure("dns.unreachable", "no answer"))

    assert judge(target(url), silent).state == state


def test_a_name_server_that_denies_a_name_is_judged_by_the_rcode_expected() -> None:
    denied = Evidence(
        timings=Timings(total=3.0),
        failure=Failure("dns.name_not_resolved", "NXDOMAIN"),
        rcode="NXDOMAIN",
    )
    url = "dns://192.0.2.1/gone.example"

    assert judge(target(url, expect=Expectations(rcode="nxdomain")), denied).state == "up"
    assert judge(target(url, expect=Expectations(rcode="NOERROR")), denied).cause == "expect.rcode"
    assert judge(target(url), denied).cause == "dns.name_not_resolved"


@pytest.mark.parametrize(
    ("status", "cause"),
    [(101, None), (200, "expect.status"), (503, "expect.status"), (429, "blocked.rate_limited")],
)
def test_a_web_socket_switches_protocols(status: int, cause: str | None) -> None:
    assert judge(target("wss://example.org/"), answer(status)).cause == cause


def test_a_plain_connection_is_held_to_no_status() -> None:
    verdict = judge(target("tcp://example.org:22"), Evidence(timings=Timings(total=1.0)))

    assert (verdict.state, verdict.expectations) == ("up", ())


def test_every_expectation_is_listed_with_its_level() -> None:
    verdict = judge(target(), answer(503, days=3))

    assert [(r.name, r.level, r.ok, r.expected, r.actual) for r in verdict.expectations] == [
        ("status", "expect", False, "200-399", "503"),
        ("certificate_days", "warn", False, "at least 14", "3"),
    ]


def test_a_secret_that_the_server_echoes_is_masked_before_texts_are_cut() -> None:
    secret = "s3cr3t-" * 20
    wanted = target(expect=expecting(body=Matcher(equals="ok")), secrets=(secret,))

    verdict = judge(wanted, answer(body=b"token=" + secret.encode()))

    assert "s3cr3t" not in str(verdict)
    assert verdict.detail == 'body.equals: "token=***", expected "ok"'


def test_a_match_inside_a_secret_shows_no_part_of_it() -> None:
    wanted = target(expect=expecting(body=Matcher(matches="cr3t")), secrets=("s3cr3t",))

    (result,) = (
        r for r in judge(wanted, answer(body=b"a s3cr3t")).expectations if "body" in r.name
    )
    assert result.actual == '"***"'


@pytest.mark.parametrize(
    "hostile", ["\x1b[31mred", "a\r\nb", "\u202egnp.exe", "\x9b2J", "x" * 10_000, "\udcff"]
)
def test_a_hostile_reason_phrase_stays_one_short_printable_line(hostile: str) -> None:
    detail = judge(target(), answer(500, reason=hostile)).detail

    assert detail is not None
    assert detail.isprintable()
    assert len(detail) < 120


texts = st.text(max_size=60)
evidences = st.builds(
    Evidence,
    timings=st.builds(Timings, total=st.none() | st.floats(allow_nan=True)),
    failure=st.none() | st.builds(Failure, st.sampled_from(sorted(CAUSES)), texts),
    http=st.none()
    | st.builds(
        HttpFacts,
        method=st.just("GET"),
        status=st.none() | st.sampled_from([200, 202, 403, 404, 429, 503]) | st.integers(0, 999),
        final_url=st.none() | texts,
    ),
    tls=st.none() | st.builds(TlsFacts, certificate_days=st.none() | st.integers(-9999, 9999)),
    reason=texts,
    headers=st.lists(
        st.tuples(
            st.sampled_from(["Content-Type", "Server", "cf-mitigated", "X-DD-B"]) | texts,
            st.sampled_from(["text/html", "text/html; charset=utf-16", "challenge"]) | texts,
        ),
        max_size=5,
    ).map(tuple),
    body=st.binary(max_size=200) | st.sampled_from([HOLDING, b"[" * 9999, b'{"a": [1, "x"]}']),
    banner=st.none() | st.binary(max_size=50),
    records=st.none() | st.lists(texts, max_size=3).map(tuple),
    rcode=st.none() | texts,
)
DEMANDING = Expectations(
    status=statuses((200, 399)),
    body=Matcher(contains="ok", not_matches="err(eu|o)r", gt=3),
    header={"server": Matcher(matches="nginx"), "content-type": Matcher(not_contains="html")},
    json={"$..a[?@ > 1]": Matcher(lt=5), "$.a": Matcher(contains="x"), "$[": Matcher(eq=1)},
    latency=Latency(total_s=Seconds(1)),
    certificate_days=7,
    final_url=Matcher(matches="(?i)^https://", equals="https://example.org/"),
    banner=Matcher(matches="(unclosed"),
    records=("192.0.2.1",),
    rcode="NOERROR",
)


@given(evidences, st.sampled_from(["https://a/", "dns://a/b", "wss://a/", "tcp://a:1"]))
def test_whatever_was_measured_gets_a_consistent_verdict(evidence: Evidence, url: str) -> None:
    for wanted in (target(url), target(url, expect=DEMANDING, warn=DEMANDING)):
        verdict = judge(wanted, evidence)

        if verdict.cause is None:
            assert verdict.state == "up"
            assert all(result.ok for result in verdict.expectations)
        else:
            allowed = {CAUSES[verdict.cause].state}
            if verdict.cause.startswith("expect."):
                allowed.add("degraded")
            if url.startswith("dns") and verdict.cause == "dns.unreachable":
                allowed = {"down"}
            assert verdict.state in allowed
            assert verdict.detail is not None
        shown = [verdict.detail or ""]
        for result in verdict.expectations:
            shown += [result.name, result.expected, result.actual]
        assert all(text == one_line(text) for text in shown)

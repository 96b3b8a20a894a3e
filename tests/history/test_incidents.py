import pytest

from history.pasts import BEGIN_S, at, seen
from probecli.history.incidents import Known, Onset, incidents_of
from probecli.history.moment import MINUTE, SECOND
from probecli.history.outages import Outage
from probecli.model.result import Result
from probecli.model.snapshot import PastIncident

NS = "192.0.2.53"
LIST = "192.0.2.53, 192.0.2.54"
TEXT = "503 Service Unavailable, expected 200-399"
PAGE = 'the page says "revenez plus tard, dossier 123"'


def us(minutes: float) -> int:
    return round((BEGIN_S + minutes * 60) * SECOND)


def known(onsets: dict[str, float], interval: float = 5, **fields: object) -> Known:
    """A history in which each target was last ok an interval before its onset (minutes)."""
    return Known(
        onsets={
            name: Onset(since_us=us(since), last_ok_us=us(since - interval))
            for name, since in onsets.items()
        },
        titles={"post": "La Poste Groupe"},
        absent={"post": ("colis",)},
        interval_us=round(interval * MINUTE),
    )


def sets(results: list[Result], history: Known | None = None) -> list[set[str]]:
    told = incidents_of(results, history) if history else incidents_of(results)
    return [set(one.targets) for one in told]


@pytest.mark.parametrize(
    ("alike", "results"),
    [
        ("group", [seen("a", "down", group="g"), seen("b", "down", "tcp.reset", group="g")]),
        ("address", [seen("a", "down", group="g", ip="192.0.2.1"),
                     seen("b", "down", ip="192.0.2.1")]),
        ("/24", [seen("a", "down", group="g", ip="192.0.2.1"), seen("b", "down", ip="192.0.2.99")]),
        ("/64", [seen("a", "down", ip="2001:db8::1"), seen("b", "down", ip="2001:db8::ffff")]),
        ("name server", [seen("a", "down", "dns.failed", group="g", resolver=NS),
                         seen("b", "down", "dns.unreachable", group="h", resolver=NS)]),
        ("name servers", [seen("a", "down", "dns.failed", resolver=LIST),
                          seen("b", "down", "dns.failed", resolver=LIST)]),
        ("certificate", [seen("a", "down", subject="CN=*.x"), seen("b", "down", subject="CN=*.x")]),
        (
            "what the pages say",
            [
                seen("a", "down", "content.unavailable", PAGE, group="g"),
                seen("b", "down", "content.unavailable", PAGE.replace("123", "77"), group="h"),
            ],
        ),
    ],
)  # fmt: skip
def test_failures_with_evidence_in_common_are_one_incident(
    alike: str, results: list[Result]
) -> None:
    assert sets(results) == [{"a", "b"}]


@pytest.mark.parametrize(
    ("different", "results"),
    [
        ("groups", [seen("a", "down", "http.error", TEXT, group="g"),
                    seen("b", "down", "http.error", TEXT, group="h")]),
        ("prefixes", [seen("a", "down", ip="192.0.2.1"), seen("b", "down", ip="192.0.3.1")]),
        ("loopback is no evidence", [seen("a", "down", ip="127.0.0.1"),
                                     seen("b", "down", ip="127.0.0.1")]),
        ("name servers", [seen("a", "down", "dns.failed", group="g", resolver=NS),
                          seen("b", "down", "dns.failed", group="h", resolver=LIST)]),
        ("nobody is known to have been asked", [seen("a", "down", "dns.failed", group="g"),
                                                seen("b", "down", "dns.failed", group="h")]),
        ("names that do not exist", [
            seen("a", "down", "dns.name_not_resolved", group="g", resolver=NS),
            seen("b", "down", "dns.name_not_resolved", group="h", resolver=NS)]),
        ("names that a resolver, the target itself, says do not exist", [
            seen("a", "down", "dns.name_not_resolved", group="g", kind="dns", ip=NS, resolver=NS),
            seen("b", "down", "dns.name_not_resolved", group="h", kind="dns", ip=NS, resolver=NS)]),
        ("who was asked for the names of services that fail", [
            seen("a", "down", group="g", resolver=NS), seen("b", "down", group="h", resolver=NS)]),
        ("a service that fails, and a name", [
            seen("a", "down", group="g", resolver=NS),
            seen("b", "down", "dns.failed", group="h", resolver=NS)]),
        ("certificates", [seen("a", "down", subject="CN=x"), seen("b", "down", subject="CN=y")]),
        ("nobody knows since when", [seen("a", "down", detail=TEXT),
                                     seen("b", "down", detail=TEXT)]),
        ("not down", [seen("a", "degraded", group="g"), seen("b", "unknown", group="g")]),
    ],
)  # fmt: skip
def test_failures_without_evidence_in_common_stay_apart(
    different: str, results: list[Result]
) -> None:
    assert sets(results) == []
    histories = known({"a": 0, "b": 40})
    assert {"a", "b"} not in sets(results, histories)


def test_targets_without_a_group_that_failed_together_in_the_same_words_are_one_incident() -> None:
    results = [seen("a", "down", detail=TEXT), seen("b", "down", detail=TEXT)]

    assert sets(results, known({"a": 0, "b": 5})) == [{"a", "b"}]
    assert sets(results, known({"a": 0, "b": 15})) == [{"a"}, {"b"}]


def test_a_name_server_fails_several_names_only_at_one_time() -> None:
    results = [seen(name, "down", "dns.failed", group=name, resolver=NS) for name in "ab"]

    assert sets(results, known({"a": 0, "b": 5})) == [{"a", "b"}]
    assert sets(results, known({"a": 0, "b": 15})) == [{"a"}, {"b"}]


def test_onsets_further_apart_than_an_interval_are_two_incidents_of_one_group() -> None:
    results = [seen(name, "down", group="g") for name in "abc"]

    assert sets(results, known({"a": 0, "b": 5, "c": 60})) == [{"a", "b"}, {"c"}]


def test_evidence_chains_across_groups() -> None:
    results = [
        seen("a", "down", group="g", ip="192.0.2.1"),
        seen("b", "down", group="g", ip="198.51.100.1"),
        seen("c", "down", group="h", ip="198.51.100.2"),
        seen("d", "down", group="i", ip="203.0.113.1"),
    ]

    assert sets(results) == [{"a", "b", "c"}]


def test_an_incident_states_what_all_share_and_since_when_and_what_was_not_probed() -> None:
    results = [
        seen("a", "down", detail=TEXT, group="post", ip="203.0.113.1", status=503),
        seen("b", "down", detail=TEXT, group="post", ip="203.0.113.2", status=503),
        seen("c", "up", group="post", ip="203.0.113.3", status=200),
    ]
    (one,) = incidents_of(results, known({"a": 5, "b": 2}))

    assert (one.since, one.last_ok) == (at(2), at(-3))
    assert (one.cause, one.causes) == ("http.error", {"http.error": 2})
    assert (one.shared.title, one.shared.prefix, one.shared.ip) == (
        "La Poste Groupe", "203.0.113.0/24", None,
    )  # fmt: skip
    assert (one.shared.status, one.shared.text) == (503, TEXT)
    assert one.not_probed == ("colis",)


def test_recurrence_joins_what_overlapped_before() -> None:
    def outage(since: float, until: float) -> Outage:
        return Outage(since_us=us(since), last_ok_us=None, until_us=us(until), cause="x")

    history = Known(
        onsets={
            "a": Onset(since_us=us(0), past=(outage(-900, -800), outage(-500, -400))),
            "b": Onset(since_us=us(0), past=(outage(-890, -700),), changes=6),
        },
        titles={},
        absent={},
    )
    (one,) = incidents_of([seen("a", "down", group="g"), seen("b", "down", group="g")], history)

    assert one.past == (
        PastIncident(since=at(-900), until=at(-700)),
        PastIncident(since=at(-500), until=at(-400)),
    )
    assert one.changes == 6


def test_the_largest_incident_comes_first() -> None:
    results = [seen(name, "down", group="g" if name < "c" else "h") for name in "abcde"]

    assert sets(results) == [{"c", "d", "e"}, {"a", "b"}]

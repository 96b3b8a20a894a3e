"""Incidents by name server: names asked for by the real engine, of servers on the loopback."""

from collections.abc import Iterable
from contextlib import ExitStack
from typing import Any

import pytest
from dns.rcode import Rcode

from engine.probing import probed
from faults.dns import Answer, Query, fails, reply, resolving, silence
from faults.server import in_turn, listening, read_head, send
from probecli.history.incidents import incidents_of
from probecli.model.plan import Plan
from probecli.model.snapshot import Incident
from probecli.model.target import Retry, Seconds, Target
from probecli.output.words import incident_words

UNAVAILABLE = b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n"
SERVFAIL = "the resolver answered SERVFAIL"


def target(name: str, resolver: str, **fields: Any) -> Target:
    """A target of this name at a host that its resolver is to be asked for."""
    given = {"url": f"http://{name}.test/", "timeout_s": Seconds(0.5), **fields}
    return Target(name=name, resolver=resolver, retry=Retry(attempts=1), **given)


def told(targets: Iterable[Target]) -> tuple[Incident, ...]:
    """The incidents of one run of the real engine without a history."""
    plan = Plan(targets=tuple(targets))

    return incidents_of(probed(plan).results)


def by_name(**answers: Answer) -> Answer:
    """Answers as given for the first label of the name asked for; else with 127.0.0.1."""

    def respond(query: Query) -> Iterable[bytes]:
        name = query.message.question[0].name
        chosen = answers.get(name.labels[0].decode())
        if chosen is not None:
            return chosen(query)
        return [reply(query, *([f"{name} 60 IN A 127.0.0.1"] if query.type == "A" else []))]

    return respond


@pytest.mark.parametrize(
    ("rcode", "text"),
    [(Rcode.SERVFAIL, SERVFAIL), (Rcode.REFUSED, "the resolver answered REFUSED")],
)
def test_names_that_one_name_server_fails_to_answer_for_are_one_incident(
    rcode: Rcode, text: str
) -> None:
    with resolving(fails(rcode)) as port:
        server = f"127.0.0.1:{port}"
        (one,) = told(target(name, server, group=name) for name in "abc")

    assert (one.targets, one.shared.name_server) == (("a", "b", "c"), server)
    assert (one.cause, one.shared.cause, one.shared.ip) == ("dns.failed", "dns.failed", None)
    assert incident_words(one) == (
        f"Incident: 3 targets get a failure from name server {server}: {text} (a, b, c)"
    )


def test_names_that_a_name_server_keeps_silent_on_are_one_incident() -> None:
    """It answers for another name: that it cannot be reached is not what is wrong."""
    with (
        listening(in_turn(read_head, send(UNAVAILABLE))) as web,
        resolving(by_name(a=silence, b=silence)) as port,
    ):
        server = f"127.0.0.1:{port}"
        other = target("c", server, group="g", url=f"http://c.test:{web}/")
        (one,) = told([target("a", server), target("b", server, group="h"), other])

    assert (one.targets, one.cause) == (("a", "b"), "dns.unreachable")
    assert incident_words(one).startswith(
        f"Incident: 2 targets get no answer from name server {server}: no answer after 0.5 s, "
        "while the same resolver answered for other names"
    )


def test_a_name_server_that_is_a_target_itself_belongs_to_the_names_it_fails() -> None:
    with resolving(fails(Rcode.SERVFAIL)) as port:
        server = f"127.0.0.1:{port}"
        itself = target("ns", server, url=f"dns://{server}/www.test", group="infra")
        (one,) = told([target("a", server), itself])

    assert (set(one.targets), one.shared.name_server) == ({"a", "ns"}, server)


def test_names_that_different_name_servers_fail_to_answer_for_stay_apart() -> None:
    with ExitStack() as stack:
        servers = [
            f"127.0.0.1:{stack.enter_context(resolving(fails(Rcode.SERVFAIL)))}" for _ in range(2)
        ]
        incidents = told(
            target(f"{name}{number}", server)
            for number, server in enumerate(servers)
            for name in "ab"
        )

    assert sorted(one.shared.name_server or "" for one in incidents) == sorted(servers)
    assert [len(one.targets) for one in incidents] == [2, 2]


@pytest.mark.parametrize("url", ["http://{name}.test/", "dns://{server}/{name}.test"])
def test_names_that_do_not_exist_are_nothing_against_the_name_server(url: str) -> None:
    with resolving(fails(Rcode.NXDOMAIN)) as port:
        server = f"127.0.0.1:{port}"

        def both(**fields: Any) -> tuple[Incident, ...]:
            return told(
                target(name, server, url=url.format(name=name, server=server), **fields)
                for name in "ab"
            )

        assert both() == ()
        (one,) = both(group="g")
    assert (one.shared.group, one.shared.name_server) == ("g", None)


def test_a_service_that_fails_is_not_linked_by_who_was_asked_for_its_name() -> None:
    with (
        listening(in_turn(read_head, send(UNAVAILABLE))) as web,
        resolving(by_name(a=fails(Rcode.SERVFAIL), b=fails(Rcode.SERVFAIL))) as port,
    ):
        server = f"127.0.0.1:{port}"
        dead = target("c", server, group="g", url=f"http://c.test:{web}/")
        (one,) = told([target("a", server), target("b", server), dead])
        (wider,) = told([target("a", server, group="g"), dead])

    assert one.targets == ("a", "b")
    assert (wider.targets, wider.shared.name_server) == (("a", "c"), None)

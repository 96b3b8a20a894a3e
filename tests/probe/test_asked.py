"""Whom resolution asked, as a result says it, whether or not there was an answer."""

import asyncio
from contextlib import ExitStack
from typing import Any

import pytest
from dns.rcode import Rcode

from faults.dns import Answer, fails, knows, no_resolver, resolving, silence
from faults.http import FINE
from faults.server import listening, read_head, script, send
from probe.wire.exchanges import SYSTEMS, on_network, probed, target
from probecli.model.target import Seconds
from probecli.probe.addresses import endpoint, listed
from probecli.probe.channel import Channel
from probecli.probe.kinds import probe_for
from probecli.probe.name_servers import NameServers
from probecli.probe.network import Network

FOUND = knows("service.test. 60 IN A 127.0.0.1")
NOT_VALID = f"{'x' * 70}.test"


def asked_by(url: str, *, portable: bool = False, **fields: Any) -> str | None:
    """The name servers in what one attempt at a target measures."""
    evidence = probed(target(url, **fields), portable=portable)
    assert evidence.server is not None
    return evidence.server.resolver


@pytest.mark.parametrize("portable", SYSTEMS)
@pytest.mark.parametrize(
    ("scheme", "version"), [("http", "auto"), ("http", "4"), ("tcp", "auto"), ("ws", "4")]
)
def test_a_name_that_was_found_says_who_was_asked(
    scheme: str, version: str, portable: bool
) -> None:
    with script(read_head, send(FINE))() as web, resolving(FOUND) as port:
        url = f"{scheme}://service.test:{web['port']}"
        server = f"127.0.0.1:{port}"
        assert asked_by(url, resolver=server, ip_version=version, portable=portable) == server


@pytest.mark.parametrize("url", ["http://service.test/", "tcp://service.test:1"])
@pytest.mark.parametrize(
    "answer",
    [fails(Rcode.SERVFAIL), fails(Rcode.REFUSED), fails(Rcode.NXDOMAIN), knows(), silence],
    ids=["SERVFAIL", "REFUSED", "NXDOMAIN", "NODATA", "silence"],
)
def test_a_name_that_was_not_found_says_who_was_asked(answer: Answer, url: str) -> None:
    with resolving(answer) as port:
        server = f"127.0.0.1:{port}"
        assert asked_by(url, resolver=server, timeout_s=Seconds(0.3)) == server


def test_a_resolver_that_is_not_there_was_asked_all_the_same() -> None:
    with no_resolver() as there:
        server = f"127.0.0.1:{there['dns']}"
        assert asked_by("http://service.test/", resolver=server) == server


@pytest.mark.parametrize(
    ("url", "fields"),
    [
        ("http://127.0.0.1:{port}/", {}),
        ("http://service.test:{port}/", {"resolve_to": "127.0.0.1"}),
        ("http://service.test/", {"proxy": "http://127.0.0.1:{port}"}),
        ("tcp://127.0.0.1:{port}", {}),
        ("http://localhost:{port}/", {}),
        (f"http://{NOT_VALID}/", {}),
        (f"dns://127.0.0.1/{NOT_VALID}", {}),
    ],
    ids=["literal", "resolve_to", "proxy", "tcp", "hosts file", "not valid", "dns not valid"],
)
def test_who_asks_nobody_says_nobody(url: str, fields: dict[str, Any]) -> None:
    with script(read_head, send(FINE))() as web, resolving(silence) as port:
        given = {key: value.format(**web) for key, value in fields.items()}
        resolver = f"127.0.0.1:{port}"
        assert asked_by(url.format(**web), resolver=resolver, ip_version="4", **given) is None


def test_what_others_asked_for_the_same_name_is_not_said_of_who_was_told_the_address() -> None:
    async def body(network: Network) -> list[str | None]:
        one = target(f"http://service.test:{port}/", resolver=server)
        other = target(one.url, resolver=server, resolve_to="127.0.0.1")
        probe = probe_for("http")
        return [
            evidence.server.resolver
            for evidence in (await probe(one, network), await probe(other, network))
            if evidence.server is not None
        ]

    with listening(read_then_answer) as port, resolving(FOUND) as dns_port:
        server = f"127.0.0.1:{dns_port}"
        assert on_network(body) == [server, None]


def read_then_answer(peer: Any) -> None:
    read_head(peer)
    send(FINE)(peer)


def test_the_name_of_a_proxy_is_asked_for() -> None:
    with resolving(fails(Rcode.SERVFAIL)) as port:
        server = f"127.0.0.1:{port}"
        one = asked_by("http://192.0.2.1/", proxy="http://proxy.test:1", resolver=server)
    assert one == server


@pytest.mark.parametrize("answer", [FOUND, fails(Rcode.SERVFAIL), fails(Rcode.NXDOMAIN), silence])
def test_a_resolver_that_is_the_target_is_who_was_asked(answer: Answer) -> None:
    with resolving(answer) as port:
        one = asked_by(f"dns://127.0.0.1:{port}/service.test", timeout_s=Seconds(0.3))
        assert one == f"127.0.0.1:{port}"


def test_a_resolver_named_by_name_that_does_not_resolve_says_who_was_asked_for_it() -> None:
    with resolving(fails(Rcode.SERVFAIL)) as port:
        server = f"127.0.0.1:{port}"
        assert asked_by("dns://ns.test/service.test", resolver=server) == server


def test_the_systems_resolvers_are_named_together_in_order() -> None:
    """A stand-in for the system's settings, which a test cannot choose."""

    async def body(network: Network) -> str | None:
        known = NameServers(None, asyncio.get_running_loop(), set())
        known.channel = Channel(",".join(servers[::-1]), asyncio.get_running_loop())
        network.resolver._servers[None] = known
        evidence = await probe_for("http")(target("http://service.test/"), network)
        return evidence.server.resolver if evidence.server is not None else None

    with ExitStack() as stack:
        ports = [stack.enter_context(resolving(fails(Rcode.SERVFAIL))) for _ in range(2)]
        servers = sorted(f"127.0.0.1:{port}" for port in ports)
        assert on_network(body) == ", ".join(servers)


@pytest.mark.parametrize(
    ("servers", "words"),
    [
        (["192.0.2.53:53"], "192.0.2.53"),
        (["192.0.2.53:5353"], "192.0.2.53:5353"),
        (["[2001:db8::53]:53"], "2001:db8::53"),
        (["[::1]:5353"], "[::1]:5353"),
        (["[fe80::1]:53%eth0"], "fe80::1%eth0"),
        (["192.0.2.9:53", "192.0.2.9:53"], "192.0.2.9"),
        ([f"192.0.2.{n}:53" for n in "97531"], ", ".join(f"192.0.2.{n}" for n in "13579")),
        (["something new"], "something new"),
    ],
)
def test_servers_of_c_ares_read_as_addresses(servers: list[str], words: str) -> None:
    assert listed(servers) == words


def test_one_address_has_one_spelling() -> None:
    assert endpoint("2001:DB8:0::53", 53) == listed(["[2001:db8::53]:53"])

"""What probing takes is loaded when that costs no target's time."""

import json
import subprocess
import sys
from typing import Any

import pytest

from faults.certificates import places
from faults.dns import knows, resolving
from faults.http import FINE, websocket
from faults.http2 import session
from faults.server import Step, in_turn, listening, read_head, send, stall
from faults.tls import handshake
from probecli.model.target import Target, Tls
from probecli.probe import needs
from probecli.probe.call import split_url
from probecli.probe.needs import prepare

HEAVY = {"brotli", "certifi", "cryptography", "dns", "h2", "httpx", "pycares"}
"""Packages that take milliseconds to import."""

PROGRAM = """
import asyncio, json, ssl, sys, threading, time, types
from probecli.model.target import Target, Tls
from probecli.probe import trust
from probecli.probe.kinds import begin_for
from probecli.probe.needs import prepare
from probecli.probe.network import Network

class Noted:
    # What the thread of the event loop makes itself, once the run has begun.
    def __init__(self):
        self.names = []

    def find_spec(self, name, path=None, target=None):
        self(name)

    def __call__(self, name):
        if threading.current_thread() is threading.main_thread():
            self.names.append(name)

def context(*arguments):
    noted("context")
    return ssl.SSLContext(*arguments)

async def main():
    fields = json.loads(sys.argv[1])
    target = Target(name="t", **{**fields, "tls": Tls(**fields["tls"])})
    network = Network(asyncio.get_running_loop(), now=time.time)
    prepare([target])
    trust.ssl = types.SimpleNamespace(**{**vars(ssl), "SSLContext": context})
    sys.meta_path.insert(0, noted)
    settled = asyncio.Event()
    begun = begin_for(target.kind)(target, network, settled.set)
    await settled.wait()
    told = begun.conclude()
    if asyncio.iscoroutine(told):
        told = await told
    network.close()
    cause = told.failure and told.failure.cause
    print(json.dumps({"cause": cause, "made": noted.names, "modules": list(sys.modules)}))

noted = Noted()
asyncio.run(main())
"""


def probed_afresh(url: str, tls: dict[str, Any] | None = None, **fields: Any) -> dict[str, Any]:
    """What a new process tells of a probe for which it has prepared.

    `cause` is that of a failure, `made` what the event loop had to load meanwhile, `modules` all
    that is loaded at the end.
    """
    target = {"url": url, "tls": tls or {}, **fields}
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, json.dumps(target)],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    told: dict[str, Any] = json.loads(done.stdout)
    return told


def held_up(told: dict[str, Any]) -> set[str]:
    """What others would have had to wait for."""
    return (HEAVY | {"context"}) & set(told["made"])


PAGE = in_turn(read_head, send(FINE))
PAGE_2 = session(lambda exchange: exchange.page())
TRUSTING = {"ca_file": places()["root"], "server_name": "service.test"}
UNVERIFIED = {"verify": False}


@pytest.mark.parametrize(
    ("scheme", "step", "fields"),
    [
        ("http", PAGE, {}),
        ("http", in_turn(PAGE_2, stall), {"http_version": "2"}),
        ("https", in_turn(handshake(), PAGE), {"tls": TRUSTING}),
        ("https", in_turn(handshake(protocols=("h2",)), PAGE_2), {"tls": TRUSTING}),
        ("https", in_turn(handshake(protocols=("h2",)), PAGE_2), {"tls": UNVERIFIED}),
        ("wss", in_turn(handshake(), websocket, stall), {"tls": TRUSTING}),
        ("tls", in_turn(handshake(), stall), {"tls": TRUSTING}),
        ("tcp", stall, {}),
    ],
)
def test_what_a_target_tells_that_it_takes_is_loaded_before_it_is_probed(
    scheme: str, step: Step, fields: dict[str, Any]
) -> None:
    with listening(step) as port:
        told = probed_afresh(f"{scheme}://127.0.0.1:{port}", **fields)
    assert (told["cause"], held_up(told)) == (None, set())


@pytest.mark.parametrize("url", ["http://service.test:{port}/", "dns://127.0.0.1:{dns}/one.test"])
def test_names_and_name_servers_are_prepared_for(url: str) -> None:
    answer = knows("service.test. 60 IN A 127.0.0.1", "one.test. 60 IN A 127.0.0.1")
    with listening(PAGE) as port, resolving(answer) as server:
        told = probed_afresh(url.format(port=port, dns=server), resolver=f"127.0.0.1:{server}")
    assert (told["cause"], held_up(told)) == (None, set())


@pytest.mark.parametrize(
    ("url", "proxy", "asks"),
    [
        ("http://192.0.2.1/", None, False),
        ("http://service.test/", None, True),
        ("http://192.0.2.1/", "http://proxy.test:3128", True),
        ("http://service.test/", "http://192.0.2.9:3128", False),
    ],
)
def test_it_is_the_proxys_name_that_is_asked_for(url: str, proxy: str | None, asks: bool) -> None:
    target = Target(name="t", url=url, proxy=proxy)
    loaded = {arguments[0] for _, arguments in needs._needs(target, split_url(url)[0])}
    assert ("pycares" in loaded, "probecli.probe.proxy" in loaded) == (asks, proxy is not None)


def test_targets_that_differ_in_all_do_not_hold_up_the_run(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made: list[object] = []
    monkeypatch.setattr("probecli.probe.trust.tls_context", lambda *how: made.append(how))
    prepare(
        Target(name=str(n), url="https://127.0.0.1/", tls=Tls(ca_file=f"/{n}.pem"))
        for n in range(200)
    )
    assert 0 < len(made) <= 16


def test_what_cannot_be_loaded_is_left_for_its_target_to_tell_of() -> None:
    prepare([Target(name="t", url="https://127.0.0.1/", tls=Tls(ca_file="/nowhere.pem"))])


def test_what_a_redirect_takes_is_loaded_in_no_targets_time() -> None:
    """In a process of its own, where importing httpx is made to take a second."""
    program = """
import asyncio, builtins, json, sys, time
plain = builtins.__import__
def slow(name, *rest):
    if name == "httpx" and "httpx" not in sys.modules:
        time.sleep(1)
    return plain(name, *rest)
builtins.__import__ = slow
from probecli.model.target import Seconds, Target
from probecli.probe.http import probe_http
from probecli.probe.network import Network
async def main():
    network = Network(asyncio.get_running_loop(), now=time.time)
    target = Target(name="t", url=sys.argv[1], timeout_s=Seconds(0.9))
    evidence = await probe_http(target, network)
    network.close()
    print(json.dumps([evidence.http.status, evidence.timings.total, evidence.http.redirects]))
asyncio.run(main())
"""
    with listening(PAGE) as there:
        leads_on = f"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:{there}/\r\n\r\n".encode()
        with listening(in_turn(read_head, send(leads_on))) as here:
            done = subprocess.run(
                [sys.executable, "-c", program, f"http://127.0.0.1:{here}/"],
                capture_output=True,
                text=True,
                timeout=30,
                check=True,
            )
    status, total_ms, redirects = json.loads(done.stdout)
    assert (status, len(redirects)) == (200, 1)
    assert total_ms < 900

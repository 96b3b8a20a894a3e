"""c-ares on the event loop: every question is told once, in a turn of its own, or never."""

import asyncio
import socket
import threading
from collections.abc import Awaitable, Callable, Iterable
from typing import Any

import dns.flags
import pytest
from dns.rcode import Rcode

from faults.dns import Answer, Query, by_type, fails, knows, reply, resolving, silence
from probecli.probe import channel
from probecli.probe.channel import Channel

FOUND = knows("one.test. 60 IN A 192.0.2.1", "one.test. 60 IN A 192.0.2.2")
TIMED_OUT = 12

Body = Callable[[Channel], Awaitable[Any]]


def on_channel(answer: Answer, body: Body, **server: bool) -> Any:
    """Runs `body` with a channel to a DNS server that answers so."""

    async def once(port: int) -> Any:
        one = Channel(f"127.0.0.1:{port}", asyncio.get_running_loop())
        try:
            return await body(one)
        finally:
            one.close()

    with resolving(answer, **server) as port:
        return asyncio.run(once(port))


async def told(one: Channel, host: str = "one.test") -> tuple[list[str], int]:
    """The addresses that are found, and c-ares' status code."""
    heard: asyncio.Future[tuple[Any, int]] = asyncio.get_running_loop().create_future()
    one.ask(host, socket.AF_INET, lambda *how: heard.set_result(how))
    async with asyncio.timeout(10):
        answer, status = await heard
    return [node.addr[0].decode() for node in answer.nodes] if answer else [], status


def test_addresses_keep_the_order_in_which_their_server_gave_them() -> None:
    def turned(query: Query) -> Iterable[bytes]:
        return [reply(query, *(f"one.test. 60 IN A {ip}" for ip in order))]

    # By rank, what is of this host would come first.
    order = ["192.0.2.9", "127.0.0.1", "192.0.2.1"]
    found, _ = on_channel(turned, told)
    assert found == order


def test_a_question_that_was_lost_is_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(channel, "_TIMEOUT_S", 0.05)
    monkeypatch.setattr(channel, "_LOOK_EVERY_S", 0.01)
    seen: list[str] = []

    def late(query: Query) -> Iterable[bytes]:
        seen.append(query.type)
        return FOUND(query) if len(seen) > 1 else []

    found, status = on_channel(late, told)
    assert (found, status, seen) == (["192.0.2.1", "192.0.2.2"], 0, ["A", "A"])


def test_a_silent_server_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(channel, "_TIMEOUT_S", 0.02)
    monkeypatch.setattr(channel, "_TRIES", 1)
    monkeypatch.setattr(channel, "_LOOK_EVERY_S", 0.01)
    assert on_channel(silence, told) == ([], TIMED_OUT)


def test_a_long_answer_is_fetched_over_tcp() -> None:
    def long(query: Query) -> Iterable[bytes]:
        if query.over_tcp:
            return FOUND(query)
        return [reply(query, flags=dns.flags.TC)]

    found, status = on_channel(long, told)
    assert (len(found), status) == (2, 0)


def test_what_is_known_at_once_is_told_in_a_later_turn() -> None:
    async def body(one: Channel) -> list[int]:
        heard: list[int] = []
        one.ask("localhost", socket.AF_INET, lambda _, status: heard.append(status))
        at_once = list(heard)
        await asyncio.sleep(0)
        return [len(at_once), len(heard)]

    assert on_channel(silence, body) == [0, 1]


def test_many_answers_that_came_together_are_told_in_one_turn() -> None:
    async def body(one: Channel) -> int:
        turn = 0
        turns: set[int] = set()
        over = asyncio.Event()
        left = 50

        def heard(_: object, status: int) -> None:
            nonlocal left
            assert status == 0
            turns.add(turn)
            left -= 1
            if not left:
                over.set()

        for number in range(50):
            one.ask(f"n{number}.test", socket.AF_INET, heard)
        # The loop sleeps until they are all there.
        arrived.wait(5)
        while not over.is_set():
            turn += 1
            await asyncio.sleep(0)
        return len(turns)

    arrived, count = threading.Event(), threading.Semaphore(49)

    def answered(query: Query) -> Iterable[bytes]:
        yield reply(query, f"{query.message.question[0].name} 60 IN A 192.0.2.1")
        if not count.acquire(blocking=False):
            arrived.set()

    assert on_channel(answered, body) <= 2


def test_a_failure_is_told_by_its_status() -> None:
    assert on_channel(by_type(A=fails(Rcode.SERVFAIL)), told) == ([], 3)


def test_a_name_that_cannot_be_asked_for_is_waited_for_by_nobody() -> None:
    async def body(one: Channel) -> None:
        with pytest.raises(ValueError, match="Codepoint"):
            one.ask("\u2028.test", socket.AF_INET, lambda *_: None)
        assert one._timer is None

    on_channel(silence, body)


def test_a_closed_channel_tells_nothing_and_leaves_the_loop_alone() -> None:
    async def body(one: Channel) -> list[str]:
        heard: list[str] = []
        for host in ("one.test", "localhost"):
            one.ask(host, socket.AF_INET, lambda *_: heard.append("told"))
        watched = set(one._watched)
        assert watched
        one.close()
        loop = asyncio.get_running_loop()
        left = [fd for fd in watched if loop.remove_reader(fd) or loop.remove_writer(fd)]
        assert not left
        # What pycares ends in a thread of its own calls nobody.
        await asyncio.to_thread(lambda: None)
        return heard

    assert on_channel(FOUND, body) == []

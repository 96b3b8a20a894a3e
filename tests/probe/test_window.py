"""How many questions are on their way to name servers at once, on a clock of their own."""

import asyncio
from collections.abc import Callable
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.virtual import run_virtually
from probecli.probe.window import START, Window

ANSWER_S = 0.1


class Server:
    """Answers after a while, and refuses at once what exceeds its capacity."""

    def __init__(self, capacity: int, answer_s: float, room: int) -> None:
        self._loop = asyncio.get_running_loop()
        self._capacity = capacity
        self._answer_s = answer_s
        self.window = Window(self._loop, room)
        self.busy = self.most = self.refusals = 0
        self.asked: list[float] = []
        self.answered: list[int] = []
        self.believed: list[int] = []

    def ask(self, question: int, number: int) -> None:
        self.asked.append(self._loop.time())
        if self.busy < self._capacity:
            self.busy += 1
            self.most = max(self.most, self.busy)
            self._loop.call_later(self._answer_s, self._answer, question, number)
        else:
            self.refusals += 1
            self._loop.call_later(0.001, self._refuse, question, number)

    def _answer(self, question: int, number: int) -> None:
        self.busy -= 1
        self.answered.append(question)
        self.window.answered(number)

    def _refuse(self, question: int, number: int) -> None:
        if not self.window.refused(number, partial(self.ask, question)):
            self.believed.append(question)

    @property
    def over(self) -> int:
        return len(self.answered) + len(self.believed)


def asking(
    questions: int,
    *,
    capacity: int = 10_000,
    answer_s: float = ANSWER_S,
    room: int = START,
    kind: type[Server] = Server,
) -> Server:
    """The server when all questions are over, all asked at once."""

    async def once() -> Server:
        server = kind(capacity, answer_s, room)
        for question in range(questions):
            server.window.enter(partial(server.ask, question))
        while server.over < questions:
            await asyncio.sleep(ANSWER_S / 4)
        return server

    return run_virtually(once())


def test_no_more_are_asked_at_first_than_common_resolvers_take() -> None:
    server = asking(1000)
    assert server.asked.count(server.asked[0]) == START < 150


def test_a_server_that_takes_them_gets_a_thousand_names_in_three_rounds() -> None:
    server = asking(2000)
    assert sorted(server.answered) == list(range(2000))
    assert server.asked[-1] == pytest.approx(2 * ANSWER_S)


def test_with_room_for_all_they_are_asked_at_once() -> None:
    assert set(asking(1000, room=1000).asked) == {0.0}


@given(st.integers(1, 600), st.integers(17, 300), st.integers(1, 1200))
def test_what_is_refused_for_its_number_is_asked_again_until_it_is_answered(
    questions: int, capacity: int, room: int
) -> None:
    server = asking(questions, capacity=capacity, room=room)
    assert not server.believed
    assert sorted(server.answered) == list(range(questions))


def test_a_server_that_is_full_is_left_in_peace() -> None:
    server = asking(2000, capacity=150)
    assert server.most == 150
    assert server.refusals < 2000
    # No more than twice the rounds that it takes at best.
    assert server.asked[-1] < 2 * ANSWER_S * 2000 / 150


def test_the_refusals_of_one_round_are_one_cut() -> None:
    server = asking(200, capacity=100, room=200)
    assert len([at for at in server.asked if at == pytest.approx(ANSWER_S)]) > 90


def test_who_refuses_everything_is_believed() -> None:
    server = asking(500, capacity=0)
    assert len(server.believed) == 500
    assert server.refusals < 2000


def test_who_refuses_some_and_answers_others_is_believed_before_long() -> None:
    """As where a name server has no answer to a type: every second question is refused at once."""

    class Choosy(Server):
        def ask(self, question: int, number: int) -> None:
            if question % 2:
                self.refusals += 1
                self._loop.call_later(0.001, self._refuse, question, number)
            else:
                super().ask(question, number)

    server = asking(4000, answer_s=0.001, kind=Choosy)
    assert sorted(server.believed) == list(range(1, 4000, 2))
    assert sorted(server.answered) == list(range(0, 4000, 2))
    assert server.refusals < 2300
    # A pause for every sixteen would make it six seconds.
    assert server.asked[-1] < 1


@pytest.mark.parametrize(
    ("second", "refused_alone", "believed"),
    [
        # To ask again has never been tried, or has told nothing.
        (None, 16, True),
        (Window.dropped, 16, True),
        # Not often enough to know that it is meant.
        (None, 15, False),
        # It helped once: the number may be the reason.
        (Window.answered, 16, False),
        (Window.answered, 64, False),
    ],
)
def test_refusals_are_meant_where_they_come_alone_and_asking_again_never_helped(
    second: Callable[[Window, int], None] | None, refused_alone: int, believed: bool
) -> None:
    async def once() -> bool:
        window = Window(asyncio.get_running_loop(), 40)
        asked: list[int] = []

        def ask(number: int) -> None:
            for _ in range(number):
                window.enter(asked.append)

        if second is not None:
            ask(20)
            assert window.refused(asked.pop(), asked.append)
            for number in asked:
                window.answered(number)
            asked.clear()
            await asyncio.sleep(1)
            second(window, asked.pop())
        for _ in range(refused_alone):
            ask(1)
            assert not window.refused(asked.pop(), asked.append)
        ask(20)
        return not window.refused(asked.pop(), asked.append)

    assert run_virtually(once()) is believed


def test_one_question_that_is_refused_is_believed() -> None:
    assert asking(1, capacity=0).believed == [0]


def test_a_silent_server_is_asked_about_a_thousand_names_within_two_seconds() -> None:
    assert asking(2000, answer_s=60).asked[-1] < 2


def test_slow_questions_are_not_forgotten_when_another_is_refused() -> None:
    """All places of the server are taken by names that it cannot find out about."""
    server = asking(200, capacity=150, answer_s=10)
    assert not server.believed
    assert server.asked[-1] >= 10
    assert server.refusals < 50 * 10 / 0.05


def test_a_closed_window_lets_nobody_in() -> None:
    async def once() -> list[float]:
        server = Server(capacity=10, answer_s=ANSWER_S, room=16)
        for question in range(50):
            server.window.enter(partial(server.ask, question))
        server.window.close()
        await asyncio.sleep(60)
        return server.asked

    assert run_virtually(once()) == [0.0] * 16

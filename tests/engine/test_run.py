"""One run: results, retries, controls, deadlines, secrets and faults of our own."""

import asyncio
import json
from collections.abc import Callable, Coroutine
from typing import Any

import msgspec
import pytest

from engine.runs import AT_ONCE, answered, failed, ran, target
from engine.virtual import run_virtually
from probecli.engine import run as module
from probecli.engine.run import Limits, Stop
from probecli.model.evidence import Evidence
from probecli.model.plan import Maintenance, Plan
from probecli.model.result import Result, Server, Timings
from probecli.model.target import Expectations, Matcher, Retry, Seconds, Target
from probecli.probe.network import Network

UP = answered()
REFUSED = failed("tcp.refused", "connection refused")


async def forever(_: Target, __: int) -> Evidence:
    """An attempt that does not end by itself."""
    await asyncio.get_running_loop().create_future()
    raise AssertionError


def states(results: tuple[Result, ...] | list[Result]) -> list[tuple[str, str, str | None]]:
    """Name, state and cause of each."""
    return [(one.name, one.state, one.cause) for one in results]


def test_results_keep_the_order_of_the_plan_whatever_finishes_first() -> None:
    async def answer(one: Target, _: int) -> Evidence:
        for _ in range(10 - int(one.name)):
            await asyncio.sleep(0)
        return UP

    done = ran([target(str(n)) for n in range(10)], answer)
    assert [one.name for one in done.measured.results] == [str(n) for n in range(10)]
    assert [one.name for one in done.told] == [str(n) for n in reversed(range(10))]


def test_a_retry_that_mends_it_is_up_and_flaky_with_every_attempt_kept() -> None:
    done = ran([target("a", retry=AT_ONCE)], lambda _, n: UP if n == 3 else REFUSED)
    (result,) = done.measured.results
    assert (result.state, result.cause, result.flaky) == ("up", None, True)
    assert [one.number for one in result.attempts] == [1, 2, 3]
    assert [one.cause for one in result.attempts] == ["tcp.refused", "tcp.refused", None]
    assert result.started_at == result.attempts[0].started_at


def test_the_last_attempt_has_no_wait_after_it_and_the_others_have_theirs() -> None:
    done = ran([target("a", retry=AT_ONCE)], lambda _, __: REFUSED)
    (result,) = done.measured.results
    assert [one.backoff_ms is None for one in result.attempts] == [False, False, True]
    assert (result.state, result.flaky) == ("down", False)
    waited = sum(one.duration_ms + (one.backoff_ms or 0) for one in result.attempts)
    assert result.duration_ms == pytest.approx(waited, abs=0.01)


def test_the_same_seed_waits_the_same() -> None:
    def waits(seed: int) -> list[float | None]:
        one = target("a", retry=AT_ONCE)
        done = ran([one], lambda _, __: REFUSED, seed=seed)
        return [tried.backoff_ms for tried in done.measured.results[0].attempts]

    assert waits(1) == waits(1)
    assert waits(1) != waits(2)


@pytest.mark.parametrize(
    "final",
    [
        failed("tls.cert.date_invalid"),
        failed("dns.name_not_resolved"),
        answered(404),
    ],
    ids=["certificate", "NXDOMAIN", "404"],
)
def test_what_a_retry_cannot_mend_is_tried_once(final: Evidence) -> None:
    done = ran([target("a", retry=AT_ONCE)], lambda _, __: final)
    assert len(done.measured.results[0].attempts) == 1


def test_a_retry_after_is_waited_for() -> None:
    retry = Retry(initial_s=Seconds(60), max_s=Seconds(60))
    busy = answered(503, retry_after_s=0.01)
    done = ran([target("a", retry=retry)], lambda _, n: busy if n == 1 else UP)
    (result,) = done.measured.results
    assert (result.state, result.attempts[0].backoff_ms) == ("up", 10)


@pytest.mark.parametrize("in_flight", [1, 3, 50])
def test_no_more_than_the_limit_are_probed_at_once(in_flight: int) -> None:
    now = most = 0

    async def answer(_: Target, __: int) -> Evidence:
        nonlocal now, most
        now += 1
        most = max(most, now)
        await asyncio.sleep(0)
        now -= 1
        return UP

    ran([target(str(n)) for n in range(60)], answer, limits=Limits(in_flight=in_flight))
    assert most == in_flight


def test_no_more_than_the_per_host_limit_are_probed_on_one_host() -> None:
    now: dict[str, int] = {}
    most: dict[str, int] = {}

    async def answer(one: Target, _: int) -> Evidence:
        now[one.url] = now.get(one.url, 0) + 1
        most[one.url] = max(most.get(one.url, 0), now[one.url])
        await asyncio.sleep(0)
        now[one.url] -= 1
        return UP

    targets = [target(f"{host}{n}", host=host) for n in range(20) for host in "ab"]
    done = ran(targets, answer, limits=Limits(per_host=2))
    assert most == {"http://a/": 2, "http://b/": 2}
    assert len(done.measured.results) == 40


def test_a_silent_host_holds_up_no_target_behind_its_twenty_thousand() -> None:
    stop = Stop()

    def answer(one: Target, number: int) -> object:
        return UP if one.name == "behind" else forever(one, number)

    done = ran(
        [*[target("silent")] * 20_000, target("behind")],
        answer,  # type: ignore[arg-type]
        limits=Limits(deadline_s=60),
        stop=stop,
        on_told=lambda _: stop(130),
    )
    assert states(done.told[:1]) == [("behind", "up", None)]
    assert len(done.measured.results) == 20_001


# Deadlines and interruptions


def test_a_deadline_ends_the_run_and_what_is_unfinished_is_unknown() -> None:
    def answer(one: Target, number: int) -> object:
        return UP if one.name == "quick" else forever(one, number)

    done = ran(
        [target("quick"), target("slow"), target("never", host="slow")],
        answer,  # type: ignore[arg-type]
        limits=Limits(deadline_s=0.05, per_host=1),
    )
    assert done.measured.stopped == 124
    assert states(done.measured.results) == [
        ("quick", "up", None),
        ("slow", "unknown", "local.interrupted"),
        ("never", "unknown", "local.interrupted"),
    ]
    assert [len(one.attempts) for one in done.measured.results] == [1, 1, 0]
    assert len(done.told) == 3


def test_an_interruption_keeps_the_attempts_that_were_made() -> None:
    patient = Retry(initial_s=Seconds(600), max_s=Seconds(600), jitter="none")
    done = ran([target("a", retry=patient)], lambda _, __: REFUSED, limits=Limits(deadline_s=0.05))
    (result,) = done.measured.results
    assert (result.state, result.cause) == ("unknown", "local.interrupted")
    assert [one.cause for one in result.attempts] == ["tcp.refused"]


def loop_time() -> float:
    """The running loop's time as the wall clock."""
    return asyncio.get_running_loop().time()


@pytest.mark.parametrize(
    ("wait_s", "tries", "backoffs_ms", "passed_ms"),
    [
        pytest.param(600, 1, [None], 1000, id="in its wait"),
        pytest.param(0.25, 1, [None], 1 + 250, id="behind another target of its host"),
        pytest.param(0.25, 2, [250, None], 1 + 250 + 749, id="in its second attempt"),
    ],
)
def test_an_interrupted_target_counts_no_wait_that_did_not_take_place(
    wait_s: float, tries: int, backoffs_ms: list[float | None], passed_ms: float
) -> None:
    async def answer(one: Target, number: int) -> Evidence:
        if one.name == "b" or number == 2:
            return await forever(one, number)
        await asyncio.sleep(0.001)
        return REFUSED

    retry = Retry(initial_s=Seconds(wait_s), max_s=Seconds(wait_s), jitter="none")
    behind = [target("b", host="a")] if tries == 1 else []
    done = ran(
        [target("a", retry=retry), *behind],
        answer,
        limits=Limits(deadline_s=1, per_host=1),
        now=loop_time,
        by=run_virtually,
    )
    result = done.measured.results[0]
    assert [one.backoff_ms for one in result.attempts] == backoffs_ms
    assert result.duration_ms == pytest.approx(passed_ms, abs=0.01)


def test_the_first_to_stop_a_run_names_its_exit_code() -> None:
    stop = Stop()

    def told(_: object) -> None:
        stop(130)
        stop(143)

    def answer(one: Target, number: int) -> object:
        return UP if one.name == "a" else forever(one, number)

    done = ran([target("a"), target("b")], answer, stop=stop, on_told=told)  # type: ignore[arg-type]
    assert done.measured.stopped == 130
    assert states(done.measured.results)[1] == ("b", "unknown", "local.interrupted")


def test_a_run_that_was_stopped_before_it_began_probes_nothing() -> None:
    stop = Stop()
    stop(143)
    done = ran([target("a")], lambda _, __: pytest.fail("probed"), stop=stop)
    assert states(done.measured.results) == [("a", "unknown", "local.interrupted")]


# Them or me


def controlled(*controls: Target) -> Plan:
    """A plan with these controls, a target that is refused and one that answers 503."""
    return Plan(targets=(target("refused"), target("error"), target("fine")), controls=controls)


def meets(control: Evidence) -> object:
    """What the targets of `controlled` meet, and every control."""

    def answer(one: Target, _: int) -> Evidence:
        given = {"refused": REFUSED, "error": answered(503), "fine": UP}
        return given.get(one.name, control)

    return answer


def test_with_all_controls_failing_network_failures_are_unknown_and_others_stay() -> None:
    done = ran(controlled(target("c1"), target("c2")), meets(failed("tcp.timed_out")))  # type: ignore[arg-type]
    assert states(done.measured.results) == [
        ("refused", "unknown", "local.network"),
        ("error", "down", "http.error"),
        ("fine", "up", None),
    ]
    assert "tcp.refused" in (done.measured.results[0].detail or "")
    assert "2 controls fail" in (done.measured.notice or "")
    assert len(done.told) == 3


@pytest.mark.parametrize("control", [UP, answered(429)], ids=["up", "limited"])
def test_one_control_that_shows_a_working_network_is_enough(control: Evidence) -> None:
    def answer(one: Target, _: int) -> Evidence:
        given = {"refused": REFUSED, "c1": failed("tcp.timed_out"), "c2": control}
        return given.get(one.name, UP)

    done = ran(controlled(target("c1"), target("c2")), answer)
    assert states(done.measured.results)[0] == ("refused", "down", "tcp.refused")
    assert done.measured.notice is None


def test_a_control_that_answers_releases_what_was_held_at_once() -> None:
    told_before_the_end: list[str] = []
    open_control = asyncio.Event()

    async def answer(one: Target, _: int) -> Evidence:
        if one.name == "quick control":
            await asyncio.sleep(0.01)
            return UP
        if one.name == "slow control":
            await open_control.wait()
            return UP
        return REFUSED

    def told(run: object) -> None:
        told_before_the_end.append(run.told[-1].name)  # type: ignore[attr-defined]
        open_control.set()

    plan = Plan(
        targets=(target("held"),), controls=(target("quick control"), target("slow control"))
    )
    done = ran(plan, answer, on_told=told, limits=Limits(deadline_s=5))
    assert done.measured.stopped is None
    assert told_before_the_end == ["held"]


def test_controls_that_were_interrupted_blame_nobody() -> None:
    def answer(one: Target, number: int) -> object:
        return forever(one, number) if one.name == "control" else REFUSED

    plan = Plan(targets=(target("refused"),), controls=(target("control"),))
    done = ran(plan, answer, limits=Limits(deadline_s=0.05))  # type: ignore[arg-type]
    assert states(done.measured.results) == [("refused", "down", "tcp.refused")]
    assert done.measured.notice is None


def test_a_resolver_that_answered_another_name_was_reachable() -> None:
    silence = failed("dns.unreachable", "no resolver answered")
    targets = [target("a"), target("b", resolver="192.0.2.53")]
    done = ran(targets, lambda _, __: silence, answered_resolvers=(None,))
    assert states(done.measured.results) == [
        ("a", "down", "dns.unreachable"),
        ("b", "unknown", "dns.unreachable"),
    ]


def test_only_results_that_the_end_may_change_are_told_late() -> None:
    def answer(one: Target, _: int) -> Evidence:
        return failed("dns.unreachable") if one.name == "silent" else REFUSED

    done = ran([target("silent"), target("refused")], answer)
    assert [one.name for one in done.told] == ["refused", "silent"]


# Gating


def test_allow_failure_and_maintenance_are_measured_and_not_gated() -> None:
    windows = (
        Maintenance(from_s=0, until_s=10, targets=("by name",)),
        Maintenance(from_s=0, until_s=10, groups=("g",)),
        Maintenance(from_s=10, until_s=20, targets=("later",)),
    )
    targets = (
        target("allowed", allow_failure=True),
        target("by name"),
        target("by group", group="g"),
        target("later"),
        target("other"),
    )
    plan = Plan(targets=targets, maintenance=windows)
    done = ran(plan, lambda _, __: REFUSED, now=lambda: 5.0)
    assert [(one.name, one.gated) for one in done.measured.results] == [
        ("allowed", False),
        ("by name", False),
        ("by group", False),
        ("later", True),
        ("other", True),
    ]
    assert all(one.state == "down" for one in done.measured.results)


def test_a_window_that_names_every_target_compares_no_name_with_all_others() -> None:
    compared = 0

    class Name(str):
        def __eq__(self, other: object) -> bool:
            nonlocal compared
            compared += 1
            return super().__eq__(other)

        __hash__ = str.__hash__

    window = Maintenance(from_s=0, until_s=10, targets=tuple(f"t{n}" for n in range(500)))
    plan = Plan(targets=tuple(target(Name(f"t{n}")) for n in range(500)), maintenance=(window,))
    done = ran(plan, lambda _, __: UP, now=lambda: 5.0)
    assert not any(one.gated for one in done.measured.results)
    assert compared < 10 * 500


# Secrets

SECRET = "s3cr3t-t0ken"


def test_a_secret_that_a_server_echoes_is_masked_everywhere() -> None:
    echo = Evidence(
        timings=Timings(total=1.0),
        server=Server(f"{SECRET}.test", None, 80, None),
        http=answered(200).http,
        headers=(("x-token", SECRET),),
        body=f"your token is {SECRET}".encode(),
        reason=SECRET,
    )
    one = Target(
        name="a",
        url=f"http://user:{SECRET}@a.test/?key={SECRET}",
        retry=Retry(attempts=1),
        secrets=(SECRET,),
        expect=Expectations(
            body=Matcher(equals="fine"), header={"x-token": Matcher(equals="nothing")}
        ),
    )
    done = ran([one], lambda _, __: echo)
    said = {"results": done.measured.results, "bugs": done.measured.bugs}
    text = msgspec.json.encode(said).decode()
    assert done.measured.results[0].state == "down"
    assert SECRET not in text
    assert "***" in text
    assert json.loads(text)["bugs"] == []


@pytest.mark.parametrize("word", ["down", "http", "tcp.refused", "ipv4", "2026"])
def test_a_secret_that_is_one_of_our_own_words_hides_no_state(word: str) -> None:
    done = ran([target("a", secrets=(word,))], lambda _, __: REFUSED)
    assert not done.measured.bugs
    assert states(done.measured.results) == [("a", "down", "tcp.refused")]
    assert "*" not in done.measured.results[0].started_at


# Faults of our own


def test_an_exception_inside_a_probe_is_a_bug_of_ours_and_the_run_goes_on() -> None:
    def answer(one: Target, _: int) -> Evidence:
        if one.name == "b":
            raise ZeroDivisionError("in a probe")
        return UP

    done = ran([target(name) for name in "abc"], answer)
    assert states(done.measured.results) == [
        ("a", "up", None),
        ("b", "unknown", "local.interrupted"),
        ("c", "up", None),
    ]
    assert len(done.measured.bugs) == 1
    assert "ZeroDivisionError: in a probe" in done.measured.bugs[0]
    assert "probecli itself" in (done.measured.results[1].detail or "")


def test_a_probe_that_something_else_cancelled_is_a_bug_of_ours_and_the_run_ends() -> None:
    async def answer(one: Target, _: int) -> Evidence:
        if one.name == "b":
            raise asyncio.CancelledError
        return UP

    done = ran([target(name) for name in "abc"], answer, limits=Limits(deadline_s=5))
    assert done.measured.stopped is None
    assert [result.state for result in done.measured.results] == ["up", "unknown", "up"]
    assert "not by its run" in done.measured.bugs[0]


def test_what_targets_and_controls_take_is_loaded_before_any_is_begun(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    done: list[str] = []

    def answer(one: Target, _: int) -> Evidence:
        done.append(f"{one.name} begun")
        return UP

    monkeypatch.setattr(module, "prepare", lambda targets: done.extend(t.name for t in targets))
    ran(Plan(targets=(target("a"), target("b")), controls=(target("c"),)), answer)
    assert done[:3] == ["c", "a", "b"]
    assert sorted(done[3:]) == ["a begun", "b begun", "c begun"]


def test_a_run_without_targets_ends_at_once() -> None:
    done = ran([], lambda _, __: UP)
    assert (done.measured.results, done.measured.stopped) == ((), None)


def test_the_loops_lag_is_measured_in_a_run_that_is_long_enough() -> None:
    async def answer(_: Target, __: int) -> Evidence:
        await asyncio.sleep(0.07)
        return UP

    lag = ran([target("a")], answer).measured.loop_lag
    assert lag is not None
    assert 0 <= lag.p50 <= lag.p99 <= lag.max


class Told:
    """A measurement that has its evidence as soon as it is begun."""

    held_s = 0.0

    def __init__(self, evidence: Evidence) -> None:
        self._evidence = evidence
        self.cancelled = False

    def conclude(self) -> Evidence:
        return self._evidence

    def cancel(self) -> None:
        self.cancelled = True


def test_what_had_settled_when_the_run_was_stopped_keeps_its_result() -> None:
    stop = Stop()
    unsettled: list[Told] = []

    def begin(one: Target, _: Network, settled: Callable[[], None]) -> Told:
        if one.name == "last":
            unsettled.append(Told(UP))
            stop(130)
            return unsettled[0]
        settled()
        return Told(UP)

    done = ran([target("first"), target("last")], forever, stop=stop, begin=begin)
    assert [result.cause for result in done.measured.results] == [None, "local.interrupted"]
    assert unsettled[0].cancelled


def test_what_cannot_even_be_begun_is_a_bug_of_one_target() -> None:
    def begin(one: Target, _: Network, settled: Callable[[], None]) -> Told:
        if one.name == "broken":
            raise RuntimeError("in a test")
        settled()
        return Told(UP)

    done = ran([target("broken"), target("fine")], forever, limits=Limits(in_flight=1), begin=begin)
    assert [result.state for result in done.measured.results] == ["unknown", "up"]
    assert "in a test" in done.measured.bugs[0]


def test_what_is_still_to_be_awaited_when_the_run_was_stopped_is_not_begun() -> None:
    stop = Stop()
    awaited: list[str] = []

    class Redirected(Told):
        def conclude(self) -> Coroutine[Any, Any, Evidence]:  # type: ignore[override]
            async def followed() -> Evidence:
                awaited.append("followed")
                return UP

            return followed()

    def begin(_: Target, __: Network, settled: Callable[[], None]) -> Told:
        settled()
        stop(130)
        return Redirected(UP)

    done = ran([target("one")], forever, stop=stop, begin=begin)
    assert states(done.measured.results) == [("one", "unknown", "local.interrupted")]
    assert awaited == []


def test_a_fault_of_who_takes_the_results_ends_the_run() -> None:
    def refuse(_: object) -> None:
        raise RuntimeError("in a test")

    with pytest.raises(RuntimeError, match="in a test"):
        ran([target("one")], lambda _, __: UP, on_told=refuse)


@pytest.mark.parametrize(("count", "in_flight"), [(1, 1), (3, 5)])
def test_who_takes_the_results_may_stop_the_run_without_a_complaint(
    count: int, in_flight: int, caplog: pytest.LogCaptureFixture
) -> None:
    stop = Stop()
    done = ran(
        [target(str(number)) for number in range(3)],
        lambda _, __: UP,
        limits=Limits(in_flight=in_flight),
        stop=stop,
        on_told=lambda so_far: stop(130) if len(so_far.told) == count else None,
    )
    found = [result.state for result in done.measured.results]
    assert found == ["up"] * count + ["unknown"] * (3 - count)
    assert not caplog.records

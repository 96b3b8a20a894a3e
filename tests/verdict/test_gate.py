import itertools
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from probecli.model.cause import STATES, State
from probecli.model.plan import FailOn, GateRule, Group, Plan
from probecli.model.result import Result
from probecli.model.snapshot import GateVerdict, Summary
from probecli.verdict import (
    ExitCode,
    Tally,
    decide,
    decide_plan,
    final_exit_code,
    summarise,
    worst,
)


def result(state: State, gated: bool = True) -> Result:
    return Result(
        name="t",
        kind="http",
        url="https://example.org/",
        group=None,
        tags=(),
        state=state,
        cause=None,
        detail=None,
        flaky=False,
        gated=gated,
        started_at="",
        duration_ms=0.0,
    )


LETTERS: dict[str, State] = {"u": "up", "g": "degraded", "d": "down", "?": "unknown"}


def run(states: str) -> Iterator[Result]:
    """Results from letters: u(p), (de)g(raded), d(own), ?; upper case is not gated."""
    for letter in states:
        yield result(LETTERS[letter.lower()], gated=letter == letter.lower() and letter != "!")


@pytest.mark.parametrize(
    ("states", "fail_on", "max_failures", "code", "reason"),
    [
        ("u" * 9, "down", 0, 0, "all 9 up"),
        ("uuudddddg", "down", 0, 1, "5 down, 0 allowed"),
        ("ud", "down", 1, 0, "1 down, 1 allowed"),
        ("udd", "down", 1, 1, "2 down, 1 allowed"),
        ("udd", "down", "1", 1, "2 down, 1 allowed"),
        ("uuuuuuuuud", "down", "10%", 0, "1 down, 10% of 10 allowed"),
        ("uuuuuuuudd", "down", "10%", 1, "2 down, 10% of 10 allowed"),
        ("d", "down", "100%", 0, "1 down, 100% of 1 allowed"),
        ("uuuuuuuuUUd", "down", "10%", 1, "1 down, 10% of 9 allowed"),
        ("ug", "down", 0, 0, "1 degraded, and the gate fails on down"),
        ("ug", "degraded", 0, 1, "1 degraded, 0 allowed"),
        ("udg", "degraded", 1, 1, "1 down and 1 degraded, 1 allowed"),
        ("u?", "degraded", 0, 3, "1 unknown, nothing failed"),
        ("u?", "unknown", 0, 1, "1 unknown, 0 allowed"),
        ("dg?", "unknown", 0, 1, "1 down, 1 degraded and 1 unknown, 0 allowed"),
        ("d?", "down", 0, 1, "1 down, 0 allowed"),
        ("d?", "down", 1, 3, "1 unknown, 1 down, 1 allowed"),
        ("u??", "down", 0, 3, "2 unknown, nothing failed"),
        ("u??", "never", 0, 0, "2 unknown, and the gate never fails"),
        ("ddd", "never", 0, 0, "3 down, and the gate never fails"),
        ("uD", "down", 0, 0, "all 1 up; 1 down not gated"),
        ("D", "down", 0, 0, "nothing is gated; 1 down not gated"),
        ("", "down", 0, 0, "nothing is gated"),
    ],
)
def test_the_gate_decides(
    states: str, fail_on: FailOn, max_failures: int | str, code: int, reason: str
) -> None:
    verdict = decide(GateRule(fail_on=fail_on, max_failures=max_failures), run(states))

    assert verdict == GateVerdict(code == 0, code, reason, fail_on)


@pytest.mark.parametrize(
    ("states", "fail_on", "max_failures", "code"),
    [
        ("uu", "down", 0, 0),
        ("ug", "down", 0, 1),
        ("gd", "down", 0, 2),
        ("d", "down", 1, 0),
        ("dg", "down", 1, 1),
        ("u?", "down", 0, 3),
        ("g?", "down", 0, 1),
        ("d?", "down", 0, 2),
        ("d?", "never", 0, 0),
        ("uD", "down", 0, 0),
    ],
)
def test_the_nagios_profile_speaks_the_plug_in_interface(
    states: str, fail_on: FailOn, max_failures: int, code: int
) -> None:
    rule = GateRule(fail_on=fail_on, max_failures=max_failures)

    assert decide(rule, run(states), profile="nagios").exit_code == code


def test_codes_have_the_precedence_of_the_contract() -> None:
    order = [130, 143, 70, 74, 124, 2, 5, 1, 3, 0]

    assert sorted(order) == sorted(ExitCode)
    for first, second in itertools.combinations(order, 2):
        assert worst([second, first]) == first
    assert worst([]) == 0


def test_what_else_went_wrong_overrules_the_gate() -> None:
    failed = GateVerdict(False, 1, "1 down, 0 allowed")
    critical = GateVerdict(False, 2, "1 down, 0 allowed")

    assert final_exit_code(failed) == 1
    assert final_exit_code(failed, [74, 0]) == 74
    assert final_exit_code(critical, [], "nagios") == 2
    assert final_exit_code(critical, [0, 124], "nagios") == 3


def test_a_summary_counts_what_is_gated_and_what_is_not() -> None:
    assert summarise(run("uuGdD?")) == Summary(total=6, up=2, degraded=1, down=2, unknown=1)


@given(
    st.lists(st.tuples(st.sampled_from(STATES), st.booleans())),
    st.sampled_from(["down", "degraded", "unknown", "never"]),
    st.integers(0, 5) | st.integers(0, 100).map("{}%".format),
)
def test_a_stricter_rule_never_passes_what_a_laxer_fails(
    states: list[tuple[State, bool]], fail_on: FailOn, max_failures: int | str
) -> None:
    counts = Tally()
    for state, gated in states:
        counts.add(result(state, gated))
    stricter: dict[FailOn, FailOn] = {
        "never": "down",
        "down": "degraded",
        "degraded": "unknown",
        "unknown": "unknown",
    }
    verdict = decide(GateRule(fail_on=fail_on, max_failures=max_failures), counts)
    strict = decide(GateRule(fail_on=stricter[fail_on], max_failures=max_failures), counts)

    assert not (strict.passed and not verdict.passed and verdict.exit_code == 1)
    assert verdict.passed == (verdict.exit_code == 0)
    assert verdict.exit_code in (0, 1, 3)


@pytest.mark.parametrize(
    ("states", "code", "reason"),
    [
        ("bank:down post:up", 0, "others: all 1 up; bank: 1 down, 1 allowed"),
        ("bank:down bank:down post:up", 1, "others: all 1 up; bank: 2 down, 1 allowed"),
        ("bank:down post:down", 1, "others: 1 down, 0 allowed; bank: 1 down, 1 allowed"),
        ("bank:up post:unknown", 3, "others: 1 unknown, nothing failed; bank: all 1 up"),
        ("bank:up", 0, "bank: all 1 up"),
    ],
)
def test_a_group_with_a_gate_of_its_own_is_judged_by_it(
    states: str, code: int, reason: str
) -> None:
    plan = Plan(
        targets=(),
        groups=(
            Group(name="bank", title="Bank", gate=GateRule(max_failures=1)),
            Group(name="post", title="Post"),
        ),
    )
    pairs = [pair.split(":") for pair in states.split()]
    results = [
        structs.replace(result(state), group=group)  # type: ignore[arg-type]
        for group, state in pairs
    ]
    verdict, counts = decide_plan(plan, results)
    assert (verdict.exit_code, verdict.reason) == (code, reason)
    assert verdict.passed == (code == 0)
    assert sum(counts.all.values()) == len(pairs)

import itertools
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from output.samples import OUTAGE, result, snapshot, timings
from probecli.model.cause import STATES
from probecli.model.result import Result, Server, Timings, TlsFacts
from probecli.verdict.comparison import Change, Comparison, Fact, Figure, SlowerRule, compare


def compared(before: Result | None, after: Result | None, **rule: Any) -> Comparison:
    old, new = ([one] if one else [] for one in (before, after))
    return compare(snapshot(old), snapshot(new), SlowerRule(**rule))


def one(state: str, cause: str | None = None, **others: Any) -> Result:
    return result("a", state, cause, **others)  # type: ignore[arg-type]


def kinds(comparison: Comparison) -> list[str]:
    return [change.change for change in comparison.changes]


@pytest.mark.parametrize(
    ("before", "after", "kind", "worse"),
    [
        ("up", "down", "newly_down", True),
        ("up", "unknown", "newly_unknown", True),
        ("up", "degraded", "newly_degraded", True),
        ("degraded", "down", "newly_down", True),
        ("degraded", "unknown", "newly_unknown", True),
        ("degraded", "up", "recovered", False),
        ("unknown", "down", "newly_down", True),
        ("unknown", "degraded", "recovered", False),
        ("unknown", "up", "recovered", False),
        ("down", "unknown", "newly_unknown", False),
        ("down", "degraded", "recovered", False),
        ("down", "up", "recovered", False),
    ],
)
def test_a_change_of_state_has_a_kind_and_may_be_worse(
    before: str, after: str, kind: str, worse: bool
) -> None:
    comparison = compared(one(before, "tcp.reset"), one(after, "http.error"))

    assert kinds(comparison) == [kind]
    assert comparison.worse is worse
    (change,) = comparison.changes
    assert (change.before.state, change.after.state) == (before, after)


def test_every_change_of_state_is_known() -> None:
    for before, after in itertools.product(STATES, repeat=2):
        assert len(kinds(compared(one(before), one(after)))) == (before != after)


def test_two_equal_snapshots_have_no_difference() -> None:
    comparison = compare(snapshot(), snapshot())

    assert (comparison.worse, comparison.changes, comparison.unchanged) == (False, (), 9)


@pytest.mark.parametrize(
    ("before", "after", "phases"),
    [
        (Timings(total=100.0, wait=50.0), Timings(total=300.0, wait=60.0), ["total"]),
        (Timings(total=900.0, wait=100.0), Timings(total=1100.0, wait=300.0), ["wait"]),
        (Timings(total=400.0), Timings(total=600.0), ["total"]),
        (Timings(total=400.0), Timings(total=599.9), []),
        (Timings(total=401.0), Timings(total=601.0), []),
        (Timings(total=1.0), Timings(total=190.0), []),
        (Timings(total=5000.0), Timings(total=5900.0), []),
        (Timings(total=500.0), Timings(total=100.0), []),
        (Timings(total=None), Timings(total=9000.0), []),
        (Timings(total=100.0), Timings(total=None), []),
        (Timings(total=0.0), Timings(total=200.0), ["total"]),
        (Timings(dns=1.0, total=100.0), Timings(dns=290.0, total=290.0), []),
    ],
)
def test_slower_takes_both_the_factor_and_the_amount(
    before: Timings, after: Timings, phases: list[str]
) -> None:
    comparison = compared(one("up", timings_ms=before), one("up", timings_ms=after))

    assert [figure.phase for change in comparison.changes for figure in change.figures] == phases
    assert comparison.worse is bool(phases)


def test_what_counts_as_slower_can_be_set_and_has_figures() -> None:
    before, after = one("up", timings_ms=timings(100.0)), one("up", timings_ms=timings(130.0))

    assert kinds(compared(before, after)) == []
    (change,) = compared(before, after, factor=1.3, ms=30.0).changes
    assert change.figures[0] == Figure("total", 100.0, 130.0)


@pytest.mark.parametrize(("before", "after"), [("down", "up"), ("up", "down"), ("down", "down")])
def test_a_target_that_did_not_answer_is_not_slower(before: str, after: str) -> None:
    comparison = compared(
        one(before, timings_ms=timings(100.0)), one(after, timings_ms=timings(9_000.0))
    )

    assert "slower" not in kinds(comparison)


def test_another_cause_in_the_same_state_is_told_and_not_worse() -> None:
    comparison = compared(one("down", "tcp.refused"), one("down", "http.error"))

    assert (kinds(comparison), comparison.worse) == (["cause_changed"], False)


TLS = TlsFacts(issuer="CN=R3", subject="CN=a", not_after="2026-01-01T00:00:00.000Z")


@pytest.mark.parametrize(
    ("now", "facts"),
    [
        (replace(TLS, issuer="CN=R11"), (Fact("issuer", "CN=R3", "CN=R11"),)),
        (replace(TLS, subject="CN=b"), (Fact("subject", "CN=a", "CN=b"),)),
        (
            replace(TLS, not_after="2026-04-01T00:00:00.000Z"),
            (Fact("not_after", "2026-01-01T00:00:00.000Z", "2026-04-01T00:00:00.000Z"),),
        ),
        (replace(TLS, certificate_days=3, version="TLSv1.2"), ()),
        (TlsFacts(), ()),
        (None, ()),
    ],
)
def test_another_certificate_is_told_and_not_worse(
    now: TlsFacts | None, facts: tuple[Fact, ...]
) -> None:
    comparison = compared(one("up", tls=TLS), one("up", tls=now))

    assert tuple(fact for change in comparison.changes for fact in change.facts) == facts
    assert kinds(comparison) == (["certificate_changed"] if facts else [])
    assert not comparison.worse


@pytest.mark.parametrize(
    ("ip", "changed"), [("192.0.2.2", True), ("192.0.2.1", False), (None, False)]
)
def test_another_address_is_told_and_not_worse(ip: str | None, changed: bool) -> None:
    comparison = compared(
        one("up", server=Server("a", "192.0.2.1", 443, "ipv4")),
        one("up", server=Server("a", ip, 443, "ipv4")),
    )

    assert kinds(comparison) == (["address_changed"] if changed else [])
    assert not comparison.worse


def test_targets_come_and_go_and_that_is_not_worse() -> None:
    added, removed = compared(None, one("down")), compared(one("up"), None)

    assert (kinds(added), added.worse, added.changes[0].before) == (["added"], False, None)
    assert (kinds(removed), removed.worse, removed.changes[0].after) == (["removed"], False, None)


def test_what_is_not_gated_is_told_and_never_worse() -> None:
    comparison = compared(one("up"), one("down", "tcp.reset", gated=False))

    assert (kinds(comparison), comparison.worse) == (["newly_down"], False)
    assert not comparison.changes[0].gated


def test_changes_come_by_kind_and_in_the_order_of_the_new_snapshot() -> None:
    old = [result(name) for name in "abcde"]
    new = [result("f"), result("e", "down"), result("d", "degraded"), result("c", "down")]
    comparison = compare(snapshot(old), snapshot([*new, result("b")]))

    assert [(change.change, change.name) for change in comparison.changes] == [
        ("newly_down", "e"),
        ("newly_down", "c"),
        ("newly_degraded", "d"),
        ("added", "f"),
        ("removed", "a"),
    ]
    assert comparison.unchanged == 1


@given(
    st.lists(st.sampled_from(OUTAGE), unique_by=lambda one: one.name),
    st.lists(st.sampled_from(OUTAGE), unique_by=lambda one: one.name),
)
def test_what_is_added_one_way_is_removed_the_other(old: list[Result], new: list[Result]) -> None:
    def names(changes: tuple[Change, ...], kind: str) -> set[str]:
        return {change.name for change in changes if change.change == kind}

    there = compare(snapshot(old), snapshot(new)).changes
    back = compare(snapshot(new), snapshot(old)).changes

    assert names(there, "added") == names(back, "removed")
    assert names(there, "removed") == names(back, "added")

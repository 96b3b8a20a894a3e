"""Processes that end before their time: a worker, its parent, or all of them by a signal."""

import os
import signal
from pathlib import Path

import pytest

from cli.gate import TARGETS, Gate, Shared, needs_linux, wait_for

pytestmark = needs_linux


def test_a_signal_to_one_worker_does_not_end_the_run(gate: Gate, tmp_path: Path) -> None:
    check = Shared(gate, tmp_path)
    os.kill(check.worker, signal.SIGTERM)
    os.kill(check.worker, signal.SIGINT)
    gate.open_all()
    assert check.ended() == (0, "")
    snapshot = check.snapshot
    assert snapshot["run"]["complete"] is True
    assert snapshot["summary"]["up"] == TARGETS


def test_a_signal_to_the_whole_group_keeps_every_attempt(gate: Gate, tmp_path: Path) -> None:
    check = Shared(gate, tmp_path)
    os.kill(check.worker, signal.SIGTERM)
    check.process.send_signal(signal.SIGTERM)
    assert check.ended() == (143, "")
    snapshot = check.snapshot
    assert snapshot["summary"]["total"] == TARGETS
    assert sum(len(one["attempts"]) for one in snapshot["targets"]) == 2


def test_what_a_killed_worker_had_begun_is_probed_by_another_and_told(
    gate: Gate, tmp_path: Path
) -> None:
    check = Shared(gate, tmp_path)
    os.kill(check.worker, signal.SIGKILL)
    gate.open_all()
    assert check.ended() == (0, "")
    snapshot = check.snapshot
    assert snapshot["summary"]["up"] == TARGETS
    assert snapshot["run"]["notice"] == (
        "A worker process was killed by signal 9: what it left unfinished was probed by another."
    )


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_ends_a_run_that_probes_what_a_killed_worker_left(
    gate: Gate, tmp_path: Path, number: signal.Signals, code: int
) -> None:
    check = Shared(gate, tmp_path)
    os.kill(check.worker, signal.SIGKILL)
    gate.opened.set()
    wait_for(1, gate.asked_again)
    check.process.send_signal(number)
    assert check.ended() == (code, "")
    snapshot = check.snapshot
    assert snapshot["run"]["complete"] is False
    assert snapshot["summary"]["total"] == TARGETS


def test_the_deadline_holds_while_what_a_killed_worker_left_is_probed(
    gate: Gate, tmp_path: Path
) -> None:
    check = Shared(gate, tmp_path, "--deadline", "2s")
    os.kill(check.worker, signal.SIGKILL)
    gate.opened.set()
    assert check.ended() == (124, "")
    snapshot = check.snapshot
    assert snapshot["run"]["complete"] is False
    assert snapshot["summary"]["total"] == TARGETS


def test_workers_end_with_a_killed_parent(gate: Gate, tmp_path: Path) -> None:
    check = Shared(gate, tmp_path)
    check.process.kill()
    # Whoever still lives holds the pipes of the standard streams.
    check.process.communicate(timeout=60)
    assert gate.seen == 2


BROKEN_ENCODING = """
import probecli.output.json as output
real = output.encode_exactly
def broken(results):
    if os.getpid() == parent:
        return real(results)
    raise ZeroDivisionError("of ours")
output.encode_exactly = broken
"""


def test_a_worker_that_dies_of_a_bug_is_told_and_loses_nothing(gate: Gate, tmp_path: Path) -> None:
    check = Shared(gate, tmp_path, broken=BROKEN_ENCODING)
    gate.open_all()
    code, errors = check.ended()
    assert code == 70
    assert errors.startswith("probecli: a fault in probecli itself")
    assert errors.count("ZeroDivisionError: of ours") == 1
    assert check.snapshot["summary"]["up"] == TARGETS


def test_a_worker_that_ends_by_itself_is_a_bug(gate: Gate, tmp_path: Path) -> None:
    ends = BROKEN_ENCODING.replace('raise ZeroDivisionError("of ours")', "os._exit(7)")
    check = Shared(gate, tmp_path, broken=ends)
    gate.open_all()
    code, errors = check.ended()
    assert code == 70
    assert "A worker ended before it was done, with exit code 7." in errors
    assert check.snapshot["summary"]["up"] == TARGETS


def test_a_signal_to_a_worker_that_has_only_just_begun_is_not_complained_of(
    gate: Gate, tmp_path: Path
) -> None:
    at_once = "os.register_at_fork(after_in_child=lambda: os.kill(os.getpid(), signal.SIGINT))"
    check = Shared(gate, tmp_path, broken=at_once)
    gate.open_all()
    assert check.ended() == (0, "")
    assert check.snapshot["run"]["notice"] is None


def test_a_fault_in_taking_a_workers_results_ends_the_run(gate: Gate, tmp_path: Path) -> None:
    broken = (
        "from probecli.engine.ledger import Ledger\n"
        "def add_up(*arguments, **named): raise ZeroDivisionError('of ours')\n"
        "Ledger.add_up = add_up"
    )
    check = Shared(gate, tmp_path, broken=broken)
    gate.open_all()
    code, errors = check.ended()
    assert code == 70
    assert errors.startswith("probecli: a fault in probecli itself")
    assert errors.count("ZeroDivisionError: of ours") == 1

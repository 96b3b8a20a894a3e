import io

import msgspec
import pytest
from hypothesis import given, settings

from output.hostile import is_harmless_line, texts
from output.samples import INCIDENT, NOW, OUTAGE, RUN, result, snapshot
from probecli.model.result import Result
from probecli.model.snapshot import Snapshot
from probecli.output.interface import Options
from probecli.output.plain import result_line, summary_lines
from probecli.output.sinks import open_sinks


def printed(
    results: tuple[Result, ...] = OUTAGE, env: dict[str, str] | None = None, **options: bool
) -> list[str]:
    stdout = io.StringIO()
    with open_sinks(
        ["plain"],
        stdout=stdout,
        stderr=io.StringIO(),
        env=env or {},
        run=RUN,
        now=NOW,
        options=Options(**options),
    ) as sinks:
        sinks.begin(RUN, len(results))
        for one in results:
            sinks.add(one)
        sinks.end(snapshot(results))
    return stdout.getvalue().splitlines()


def test_a_line_has_state_duration_status_name_and_reason() -> None:
    assert result_line(OUTAGE[0]) == (
        "DOWN        640 ms  503  laposte-www               [la-poste] "
        "http.error: 503 Service Unavailable, expected 200-399"
    )


def test_lines_come_in_the_order_of_completion_and_the_verdict_last() -> None:
    lines = printed(tuple(reversed(OUTAGE)))

    assert [line.split()[0] for line in lines[:9]] == [
        "up", "up", "DEGRADED", "DOWN", "UNKNOWN", "DOWN", "DOWN", "DOWN", "DOWN"
    ]  # fmt: skip
    assert lines[9:] == [
        "5 down, 1 unknown, 1 degraded, 2 up; 9 targets in 9.5 s from paris-1",
        "Gate failed: 5 down, 0 allowed (exit code 1)",
    ]


def test_a_cause_without_detail_gets_words() -> None:
    assert "tcp.refused: connection refused" in result_line(result("x", "down", "tcp.refused"))


def test_quiet_leaves_out_what_is_up() -> None:
    lines = printed(quiet=True)

    assert not any(line.startswith("up") for line in lines)
    assert len(lines) == 9


def test_verbose_adds_every_attempt_with_its_phases() -> None:
    lines = printed(OUTAGE[-1:], verbose=True)

    assert "attempt 1 down" in lines[1]
    assert "tcp.reset: connection reset by the peer" in lines[1]
    assert "dns 3.1 connect 9.8 tls 14.2 send 0.1 wait 88.0 receive 0.6" in lines[1]
    assert "then waited 212 ms" in lines[1]
    assert "attempt 2 up" in lines[2]


@pytest.mark.parametrize(
    ("remark", "changes"),
    [
        ("(not gated)", {"gated": False}),
        ("since 2025-12-22 06:10Z", {"since": "2025-12-22T06:10:00.000Z"}),
        ("last ok 2025-12-22 06:05Z", {"last_ok": "2025-12-22T06:05:00.000Z"}),
    ],
)
def test_a_line_says_what_else_matters(remark: str, changes: dict[str, object]) -> None:
    assert remark in result_line(msgspec.structs.replace(OUTAGE[0], **changes))


def test_a_flaky_target_says_what_its_retries_met() -> None:
    assert "flaky: up at attempt 2 after tcp.reset" in result_line(OUTAGE[-1])


def test_notice_and_incidents_stand_before_the_verdict() -> None:
    value: Snapshot = msgspec.structs.replace(
        snapshot(notice="your own network seems down", complete=False), incidents=(INCIDENT,)
    )
    lines = list(summary_lines(value))

    assert lines[0] == "NOTICE: your own network seems down"
    assert lines[1].startswith("Incident: 3 targets of la-poste are down (http.error) since ")
    assert lines[2].endswith("incomplete, the run was cut short")
    assert lines[3].startswith("Gate failed")


def test_a_pipe_gets_colour_only_on_demand() -> None:
    assert not any("\x1b" in line for line in printed())
    assert printed(env={"FORCE_COLOR": "1"})[0].startswith("\x1b[1;31mDOWN    \x1b[0m")
    assert not any("\x1b" in line for line in printed(env={"FORCE_COLOR": "1"}, color=False))


@settings(max_examples=60)
@given(texts, texts, texts, texts)
def test_hostile_text_reaches_no_line_as_control(
    name: str, detail: str, group: str, notice: str
) -> None:
    one = result(name, "down", "http.error", detail, group=group)
    lines = [result_line(one), *summary_lines(snapshot((one,), notice=notice))]

    assert all(is_harmless_line(line) for line in lines)

"""The gate: the only part that knows exit codes."""

from collections.abc import Iterable, Mapping
from enum import IntEnum
from typing import Literal

from probecli.model.cause import State
from probecli.model.plan import FailOn, GateRule, Plan
from probecli.model.result import Result
from probecli.model.snapshot import GateVerdict
from probecli.verdict.summary import Tally, tally

ExitProfile = Literal["default", "nagios"]


class ExitCode(IntEnum):
    """What the process says to its caller (timeout(1) and sysexits.h where they have a number)."""

    PASSED = 0
    FAILED = 1
    USAGE = 2
    INCONCLUSIVE = 3
    NO_TARGET = 5
    BUG = 70
    NOT_WRITTEN = 74
    DEADLINE = 124
    INTERRUPTED = 130
    TERMINATED = 143


_PRECEDENCE = (
    ExitCode.INTERRUPTED,
    ExitCode.TERMINATED,
    ExitCode.BUG,
    ExitCode.NOT_WRITTEN,
    ExitCode.DEADLINE,
    ExitCode.USAGE,
    ExitCode.NO_TARGET,
    ExitCode.FAILED,
    ExitCode.INCONCLUSIVE,
    ExitCode.PASSED,
)

FAILING: dict[FailOn, tuple[State, ...]] = {
    "down": ("down",),
    "degraded": ("down", "degraded"),
    "unknown": ("down", "degraded", "unknown"),
    "never": (),
}
_NAGIOS_OK, _NAGIOS_WARNING, _NAGIOS_CRITICAL, _NAGIOS_UNKNOWN = range(4)


def worst(codes: Iterable[int]) -> ExitCode:
    """The one code to exit with when several apply; 0 for none."""
    applying = set(codes)
    return next((code for code in _PRECEDENCE if code in applying), ExitCode.PASSED)


def final_exit_code(
    gate: GateVerdict, others: Iterable[int] = (), profile: ExitProfile = "default"
) -> int:
    """The process's exit code from the gate and what else went wrong (74, 124, 130 ...)."""
    others = [code for code in others if code]
    if profile == "nagios":
        return _NAGIOS_UNKNOWN if others else gate.exit_code
    return int(worst([gate.exit_code, *others]))


def exceeds(rule: GateRule, failed: int, gated: int) -> bool:
    """Whether `failed` of `gated` targets are more than the rule allows."""
    allowed = str(rule.max_failures)
    if allowed.endswith("%"):
        return failed * 100 > float(allowed[:-1]) * gated
    return failed > int(allowed)


def decide(
    rule: GateRule, results: Iterable[Result] | Tally, *, profile: ExitProfile = "default"
) -> GateVerdict:
    """Whether the run passes, by the rule, over the results that are gated.

    A gate that nothing fails is inconclusive (exit code 3) while a gated target is unknown, unless
    the rule is `never`. With the `nagios` profile the exit code is the plug-in interface's: 2 for
    more down than allowed, else 1 for more down and degraded than allowed, else 3 for unknown,
    else 0.
    """
    counts = results if isinstance(results, Tally) else tally(results)
    states = counts.gated
    gated = sum(states.values())
    failing = FAILING[rule.fail_on]
    failed = exceeds(rule, sum(states[state] for state in failing), gated)
    unknown = states["unknown"] if rule.fail_on != "never" else 0
    code = ExitCode.FAILED if failed else ExitCode.INCONCLUSIVE if unknown else ExitCode.PASSED
    exit_code = _nagios(rule, states, gated) if profile == "nagios" else int(code)
    reason = _reason(rule, counts, gated, code)
    return GateVerdict(code == ExitCode.PASSED, exit_code, reason, rule.fail_on)


class Gates:
    """The gate over a whole plan, from results one by one, in any order and constant memory.

    A group with a gate of its own is judged by that alone; the run passes when every gate does.
    """

    def __init__(self, plan: Plan) -> None:
        self._rule = plan.gate
        self._rules = {group.name: group.gate for group in plan.groups if group.gate is not None}
        self._parts = {name: Tally() for name in self._rules}
        self._rest = Tally()
        self.counts = Tally()

    def add(self, result: Result) -> None:
        """Counts one result."""
        self.count(result.state, result.group, gated=result.gated)

    def count(self, state: State, group: str | None, *, gated: bool) -> None:
        """Counts one result of which no more is known."""
        self.counts.count(state, gated=gated)
        if self._rules:
            self._parts.get(group or "", self._rest).count(state, gated=gated)

    def decide(self, profile: ExitProfile = "default") -> GateVerdict:
        """The verdict over the results so far."""
        if not self._rules:
            return decide(self._rule, self.counts, profile=profile)
        verdicts = {
            name: decide(self._rules[name], counts, profile=profile)
            for name, counts in self._parts.items()
            if sum(counts.all.values())
        }
        if sum(self._rest.all.values()):
            verdicts = {"others": decide(self._rule, self._rest, profile=profile), **verdicts}
        return _joined(self._rule, verdicts, profile)


def decide_plan(
    plan: Plan, results: Iterable[Result], *, profile: ExitProfile = "default"
) -> tuple[GateVerdict, Tally]:
    """The gates of `plan` over `results`, and the counts of all of them."""
    gates = Gates(plan)
    for result in results:
        gates.add(result)
    return gates.decide(profile), gates.counts


def _joined(
    rule: GateRule, verdicts: Mapping[str, GateVerdict], profile: ExitProfile
) -> GateVerdict:
    codes = [verdict.exit_code for verdict in verdicts.values()]
    if profile == "nagios":
        order = (_NAGIOS_CRITICAL, _NAGIOS_WARNING, _NAGIOS_UNKNOWN, _NAGIOS_OK)
        exit_code = next((code for code in order if code in codes), _NAGIOS_OK)
    else:
        exit_code = int(worst(codes))
    return GateVerdict(
        all(verdict.passed for verdict in verdicts.values()),
        exit_code,
        "; ".join(f"{name}: {verdict.reason}" for name, verdict in verdicts.items()),
        rule.fail_on,
    )


def _nagios(rule: GateRule, states: Mapping[State, int], gated: int) -> int:
    if rule.fail_on == "never":
        return _NAGIOS_OK
    if exceeds(rule, states["down"], gated):
        return _NAGIOS_CRITICAL
    if exceeds(rule, states["down"] + states["degraded"], gated):
        return _NAGIOS_WARNING
    return _NAGIOS_UNKNOWN if states["unknown"] else _NAGIOS_OK


def _listed(states: Mapping[State, int], names: Iterable[State]) -> str:
    parts = [f"{states[name]} {name}" for name in names if states[name]]
    return " and ".join([", ".join(parts[:-1]), parts[-1]] if len(parts) > 1 else parts)


def _reason(rule: GateRule, counts: Tally, gated: int, code: ExitCode) -> str:
    """The verdict in one sentence, with the failures that did not count at its end."""
    states = counts.gated
    failing = _listed(states, FAILING[rule.fail_on])
    others = _listed(states, ("down", "degraded", "unknown"))
    allowed = f"{rule.max_failures} allowed"
    if str(rule.max_failures).endswith("%"):
        allowed = f"{rule.max_failures} of {gated} allowed"
    if code == ExitCode.FAILED:
        reason = f"{failing}, {allowed}"
    elif code == ExitCode.INCONCLUSIVE:
        rest = f"{failing}, {allowed}" if failing else "nothing failed"
        reason = f"{states['unknown']} unknown, {rest}"
    elif not gated:
        reason = "nothing is gated"
    elif not others:
        reason = f"all {gated} up"
    elif rule.fail_on == "never":
        reason = f"{others}, and the gate never fails"
    elif failing:
        reason = f"{failing}, {allowed}"
    else:
        reason = f"{others}, and the gate fails on {rule.fail_on}"
    ungated = {name: counts.all[name] - states[name] for name in states}
    aside = _listed(ungated, ("down", "degraded", "unknown"))
    return f"{reason}; {aside} not gated" if aside else reason

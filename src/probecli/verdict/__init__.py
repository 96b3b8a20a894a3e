"""State and cause from evidence, and an exit code from results; nothing here touches a network."""

from probecli.verdict.gate import ExitCode, decide, decide_plan, final_exit_code, worst
from probecli.verdict.judgement import judge
from probecli.verdict.summary import Tally, summarise

__all__ = [
    "ExitCode",
    "Tally",
    "decide",
    "decide_plan",
    "final_exit_code",
    "judge",
    "summarise",
    "worst",
]

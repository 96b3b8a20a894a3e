"""Runs one command and says what it cost: `python -I -S spawn.py REPORT LIMIT_S COMMAND...`.

A process of its own, because the peak memory that Linux reports for a child starts at that of the
process which started it: this one holds some 9 MiB, which is the least that can be measured.
"""

import json
import os
import signal
import sys
import time


def main(report: str, limit_s: int, command: list[str]) -> int:
    """Writes wall and CPU seconds, peak KiB of the largest process and the exit code to `report`.

    After `limit_s` seconds the command's process group is killed and `exit_code` is null.
    """
    overdue = False
    started = time.perf_counter()
    pid = os.posix_spawnp(command[0], command, os.environ, setpgroup=0)

    def end(number: int, _frame: object) -> None:
        nonlocal overdue
        overdue = True
        os.killpg(pid, signal.SIGKILL)

    signal.signal(signal.SIGALRM, end)
    signal.signal(signal.SIGTERM, end)
    signal.alarm(limit_s)
    _, status, usage = os.wait4(pid, 0)
    cost = {
        "wall_s": time.perf_counter() - started,
        "cpu_s": usage.ru_utime + usage.ru_stime,
        "peak_kib": usage.ru_maxrss,
        "exit_code": None if overdue else os.waitstatus_to_exitcode(status),
    }
    with open(report, "w") as file:
        json.dump(cost, file)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], int(sys.argv[2]), sys.argv[3:]))

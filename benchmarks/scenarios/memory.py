"""Memory a further target costs: the peak at 2N less the peak at N, over N."""

from benchmarks.measure import middle
from benchmarks.peers import peers
from benchmarks.report import Table
from benchmarks.scenarios.throughput import task
from benchmarks.setting import Outcome, Setting


def measured(setting: Setting) -> Outcome:
    """The difference between the largest size and twice that, with one process."""
    size = max(setting.sizes)
    own = peers(None)[0]
    peaks: dict[int, float | None] = {}
    for count in (size, 2 * size):
        with task(setting, "http", count) as (job, _):
            samples = [
                own.sample(setting.tools, job, setting.limit_s) for _ in range(setting.rounds)
            ]
        peaks[count] = middle(one.peak_kib if one else None for one in samples)
        setting.say(f"memory, {count:,} targets: {peaks[count]} KiB")
    low, high = peaks.values()
    further = None if low is None or high is None else (high - low) / size
    rows = tuple((count, None if peak is None else peak / 1024) for count, peak in peaks.items())
    note = "Not known." if further is None else f"{further:.2f} KiB a further target."
    return Outcome(
        (Table("Memory", ("targets", "peak MiB"), rows, (note,)),),
        {"peak_kib": {str(count): peak for count, peak in peaks.items()}, "further_kib": further},
    )

"""The phase between two moments, by the event loop's clock or the kernel's."""


def between(start_s: float, end_s: float, start_ns: int, end_ns: int) -> float:
    """Seconds between two moments on the loop's clock (s), better by the kernel's stamps (ns).

    A stamp is 0 where there is none. The kernel's count where both moments have one and they are
    sane: a step of the wall clock between them shows as a value outside the loop's own.
    """
    seconds = end_s - start_s
    if start_ns and end_ns:
        measured = (end_ns - start_ns) * 1e-9
        if 0 <= measured < seconds:
            return measured
    return seconds if seconds > 0.0 else 0.0

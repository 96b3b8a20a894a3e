"""Results in a few words, the same in every output that people read."""

from datetime import date, datetime

from probecli.model.cause import CAUSES, State
from probecli.model.result import Attempt, Result, Timings
from probecli.model.snapshot import GateVerdict, Incident, PastIncident, Run, Snapshot, Summary

# Worst first: the order in which people want to read.
SEVERITY: dict[State, int] = {"down": 0, "unknown": 1, "degraded": 2, "up": 3}

PHASES = ("dns", "connect", "tls", "send", "wait", "receive")

PHRASES: dict[str, str] = {
    "dns.name_not_resolved": "no such name",
    "dns.failed": "the resolver answered with a failure",
    "dns.unreachable": "no resolver answered",
    "tcp.refused": "connection refused",
    "tcp.timed_out": "no answer to the connection in time",
    "tcp.address_unreachable": "no route to the address",
    "tcp.failed": "connection failed",
    "tcp.reset": "connection reset by the peer",
    "tls.cert.date_invalid": "certificate expired or not yet valid",
    "tls.cert.name_invalid": "certificate is for another name",
    "tls.cert.authority_invalid": "certificate from no trusted authority",
    "tls.cert.revoked": "certificate revoked",
    "tls.cert.invalid": "certificate unusable",
    "tls.version_or_cipher_mismatch": "no TLS version or cipher in common",
    "tls.bad_client_auth_cert": "client certificate wanted or not accepted",
    "tls.protocol.error": "peer does not speak TLS",
    "tls.timed_out": "TLS handshake not finished in time",
    "tls.failed": "TLS handshake failed",
    "http.error": "error status",
    "http.protocol.error": "answer is not HTTP",
    "http.response.invalid": "response cut short or undecodable",
    "http.response.timed_out": "no complete response in time",
    "http.response.redirect_loop": "redirects without end",
    "http.failed": "exchange failed",
    "expect.latency": "too slow",
    "expect.certificate_days": "certificate expires soon",
    "content.unavailable": "page says that the service is unavailable",
    "blocked.challenge": "robot challenge in place of the service",
    "blocked.rate_limited": "rate limit reached (429)",
    "local.network": "this machine's own network failed",
    "local.resources": "this machine ran out of a resource",
    "local.interrupted": "interrupted before it finished",
}


def phrase(cause: str) -> str:
    """A cause in a few words; what the cause's table says where no shorter ones stand here."""
    if cause in PHRASES:
        return PHRASES[cause]
    return CAUSES[cause].meaning.rstrip(".") if cause in CAUSES else ""


def why(result: Result | Attempt) -> str:
    """Why it is as it is, in words: the detail where there is one. Not yet neutralised."""
    if result.detail:
        return result.detail
    return phrase(result.cause) if result.cause else ""


def flaky_words(result: Result) -> str:
    """What the retries of a flaky target met before it answered; empty when it is not flaky."""
    if not result.flaky:
        return ""
    met = dict.fromkeys(attempt.cause for attempt in result.attempts if attempt.cause)
    causes = ", ".join(met) or "failures"
    return f"flaky: up at attempt {len(result.attempts)} after {causes}"


def duration(ms: float | None) -> str:
    """A duration to read at a glance: `0.4 ms`, `640 ms`, `3.2 s`, `1 min 05 s`; `-` for None."""
    if ms is None:
        return "-"
    if ms < 9.95:
        return f"{ms:.1f} ms"
    if ms < 999.5:
        return f"{ms:.0f} ms"
    if ms < 59_950:
        return f"{ms / 1000:.1f} s"
    minutes, seconds = divmod(round(ms / 1000), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02d} min" if hours else f"{minutes} min {seconds:02d} s"


def moment(rfc3339: str) -> str:
    """A point in time to the minute, such as `2025-12-22 06:10Z`."""
    return rfc3339[:16].replace("T", " ") + "Z"


def plural(number: int, noun: str) -> str:
    """`1 target`, `5,000 targets`."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def counts(summary: Summary) -> list[tuple[State, str]]:
    """States that occur, worst first, such as `("down", "5 down")`."""
    numbers = [(state, int(getattr(summary, state))) for state in SEVERITY]
    return [(state, f"{number:,} {state}") for state, number in numbers if number]


def run_words(summary: Summary, run: Run) -> str:
    """What was probed, in how long, and from where."""
    words = plural(summary.total, "target")
    if run.duration_ms is not None:
        words += f" in {duration(run.duration_ms)}"
    words += f" from {run.vantage}"
    if run.shard:
        words += f", shard {run.shard}"
    return words if run.complete else f"{words}; incomplete, the run was cut short"


def gate_words(gate: GateVerdict) -> str:
    """The gate's verdict and its reason in one sentence."""
    verdict = {0: "passed", 3: "inconclusive"}.get(gate.exit_code, "failed")
    if verdict == "failed" and gate.passed:
        verdict = "passed"
    code = "" if gate.exit_code == 0 else f" (exit code {gate.exit_code})"
    reason = f": {gate.reason}" if gate.reason else ""
    return f"Gate {verdict}{reason}{code}"


def told_incidents(snapshot: Snapshot) -> list[Incident]:
    """The incidents that say more than the rows of their targets do."""
    return [
        one
        for one in snapshot.incidents
        if len(one.targets) > 1 or one.past or one.changes or one.not_probed
    ]


def incident_words(incident: Incident) -> str:
    """An incident in one sentence: who is down together, by which evidence, since when.

    Such as `Incident: 5 targets of La Poste Groupe answer 503 from 203.0.113.0/24 since between
    2025-12-22 05:55Z (last ok) and 06:00Z; third time in 5 days: 18 Dec 07:10 (2 h), ...`.
    Not yet neutralised.
    """
    names = ", ".join(incident.targets[:3])
    if rest := len(incident.targets) - 3:
        names += f" and {rest:,} more" if rest > 0 else ""
    parts = [
        f"Incident: {_who(incident)} {_what(incident)}{_since_words(incident)}",
        f"flapping, {plural(incident.changes, 'change')}" if incident.changes else "",
        _recurrence(incident),
        f"not probed: {', '.join(incident.not_probed[:3])}" if incident.not_probed else "",
    ]
    if rest := len(incident.not_probed) - 3:
        parts[-1] += f" and {rest:,} more of the group" if rest > 0 else ""
    sentence = "; ".join(filter(None, parts))
    # Names last: where there is little room, since when and how often must not be cut for them.
    return f"{sentence} ({names})" if len(incident.targets) > 1 else sentence


def _who(incident: Incident) -> str:
    group = incident.shared.title or incident.shared.group
    who = incident.targets[0] if len(incident.targets) == 1 else None
    who = who or plural(len(incident.targets), "target")
    return f"{who} of {group}" if group else who


def _what(incident: Incident) -> str:
    """What they have alike, and no more than that."""
    shared, one = incident.shared, len(incident.targets) == 1
    place = shared.ip or shared.prefix
    if shared.name_server and shared.cause:
        what = "no answer" if shared.cause == "dns.unreachable" else "a failure"
        words = f"{'gets' if one else 'get'} {what} from {_name_servers(shared.name_server)}"
        return words + (f": {shared.text}" if shared.text else "")
    if shared.cause == "http.error" and shared.status:
        words = f"{'answers' if one else 'answer'} {shared.status}"
        return words + (f" from {place}" if place else "")
    words = "is down" if one else "are down"
    words += f" at {place}" if place else ""
    if shared.cause:
        words += f" with {shared.cause}"
        # Words that all of them got are evidence; so are ours for the cause, which they share.
        return words + (f": {shared.text}" if shared.text else "")
    counted = ", ".join(f"{number} {cause}" for cause, number in incident.causes.items())
    words += f" ({counted or incident.cause})"
    words += f", {_name_servers(shared.name_server)}" if shared.name_server else ""
    return words + (f", certificate {shared.certificate}" if shared.certificate else "")


def _name_servers(asked: str) -> str:
    """`name server 192.0.2.53`; where it is a list, they are "the" name servers that are asked."""
    return f"the name servers {asked}" if ", " in asked else f"name server {asked}"


def _since_words(incident: Incident) -> str:
    if incident.since is None:
        return ""
    if incident.last_ok is None:
        return f" since {moment(incident.since)} or before"
    same_day = incident.last_ok[:10] == incident.since[:10]
    until = f"{incident.since[11:16]}Z" if same_day else moment(incident.since)
    return f" since between {moment(incident.last_ok)} (last ok) and {until}"


_ORDINALS = ("", "", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth")
_MOST_PAST = 3


def _recurrence(incident: Incident) -> str:
    """`third time in 5 days: 18 Dec 07:10 (2 h 00 min), 20 Dec 09:00 (4 h 00 min)`."""
    past = incident.past
    if not past or incident.since is None:
        return ""
    number = len(past) + 1
    time = _ORDINALS[number] if number < len(_ORDINALS) else f"{number}th"
    # Days of the calendar, the first and the last included, as people count them.
    days = (_date(incident.since) - _date(past[0].since)).days + 1
    within = "a day" if days == 1 else f"{days} days"
    told = [f"{day_words(one.since)} ({_length(one)})" for one in past[-_MOST_PAST:]]
    more = "… " if len(past) > _MOST_PAST else ""
    return f"{time} time in {within}: {more}{', '.join(told)}"


def _seconds(rfc3339: str) -> float:
    return datetime.fromisoformat(rfc3339).timestamp()


def _date(rfc3339: str) -> date:
    return datetime.fromisoformat(rfc3339).date()


def day_words(rfc3339: str) -> str:
    """`18 Dec 07:10Z`."""
    month = _MONTHS[int(rfc3339[5:7]) - 1]
    return f"{int(rfc3339[8:10])} {month} {rfc3339[11:16]}Z"


def _length(past: PastIncident) -> str:
    return span_words(_seconds(past.until) - _seconds(past.since))


_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def span_words(seconds: float) -> str:
    """A length of time in its two largest units: `40 s`, `5 min`, `2 h 05 min`, `3 d 4 h`."""
    if seconds < 60:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    hours, minutes = divmod(minutes, 60)
    if hours == 0:
        return f"{minutes} min"
    days, hours = divmod(hours, 24)
    if days == 0:
        return f"{hours} h {minutes:02d} min" if minutes else f"{hours} h"
    return f"{days} d {hours} h" if hours else f"{days} d"


def phase_words(timings: Timings) -> str:
    """The phases that were reached, in milliseconds, such as `dns 3.1 connect 9.8`."""
    reached = [(name, getattr(timings, name)) for name in PHASES]
    return " ".join(f"{name} {ms:.1f}" for name, ms in reached if ms is not None)


def slowest_phase(timings: Timings) -> str:
    """The phase that took longest, such as `wait 601 ms`; empty when none was reached."""
    reached = [(ms, name) for name in PHASES if (ms := getattr(timings, name)) is not None]
    if not reached:
        return ""
    ms, name = max(reached)
    return f"{name} {duration(ms)}"


def attempt_words(attempt: Attempt) -> str:
    """One attempt in a line: verdict, duration, evidence and phases. Not yet neutralised."""
    parts = (
        f"attempt {attempt.number} {attempt.state}",
        duration(attempt.duration_ms),
        f"status {attempt.status}" if attempt.status else "",
        attempt.ip or "",
        ": ".join(filter(None, (attempt.cause, why(attempt)))),
        phase_words(attempt.timings_ms),
        f"then waited {duration(attempt.backoff_ms)}" if attempt.backoff_ms is not None else "",
    )
    return " | ".join(filter(None, parts))

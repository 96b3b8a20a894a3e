"""The pages `docs/causes.md` and `docs/faults.md`, made from the tables: `python -m peers.page`."""

import html
import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from faults.fault import Fault
from faults.table import BY_NAME, FAULTS, SECTIONS
from probecli.model.cause import CAUSES, Cause
from probecli.text import harmless

DOCS = Path(__file__).parents[2] / "docs"
SEEN = Path(__file__).with_name("seen.json")
_MADE = "<!-- Made by `python -m peers.page` in the folder tests; edits are lost. -->"
_LONGEST = 150

CALL = {
    "dns": "whoever runs the domain's name servers, or its registrar",
    "dns.unreachable": "whoever runs the resolver that this prober asks",
    "tcp": "whoever runs the host, its load balancer, or the firewall before it",
    "tls.cert": "whoever renews the certificates of the service",
    "tls": "whoever runs the TLS terminator: load balancer, CDN or web server",
    "http": "whoever runs the application behind the web tier",
    "expect": "whoever owns the application, or the expectation in the target file",
    "content": "whoever runs the application: it announces its own unavailability",
    "blocked": "whoever runs the site's bot protection; the service itself may be fine",
    "local": "yourself: the prober or its network, not the target",
}
"""Whom a cause makes you call, by the beginning of its name; the longest that fits counts."""

CHOICE = (
    "NXDOMAIN", "NODATA", "SERVFAIL", "REFUSED", "malformed answer", "silent resolver",
    "no resolver", "dns record differs", "refused", "black hole", "no route", "reset after accept",
    "reset inside the body", "closed with no byte", "closed inside the body",
    "stalled before the head", "stalled inside the body", "expired", "wrong name", "self-signed",
    "missing intermediate", "revoked", "weak key", "old protocol only",
    "client certificate wanted, TLS 1.3", "plain HTTP on a TLS port", "stalled handshake",
    "reset at the ClientHello", "closed at the ClientHello", "SSH banner", "redirect without end",
    "503 Service Unavailable", "429", "corrupt gzip", "holding page, French",
    "challenge of Cloudflare", "body missed", "latency missed", "expiring", "RST_STREAM",
    "stalled stream", "tcp other banner", "tunnel refused",
)  # fmt: skip
"""The rows of the short comparison, in the order of a connection."""

_MARKUP = re.compile(r"([\\`*_{}\[\]|~#$])")


def plain(text: str) -> str:
    """A text from outside as a cell of a Markdown table: shown as it is, and nothing of it acts."""
    line = harmless(text, _LONGEST)
    # GitHub links bare URLs and addresses by itself, so their marks are written as entities.
    marked = _MARKUP.sub(r"\\\1", html.escape(line, quote=False))
    return marked.replace("://", "&#58;//").replace("www.", "www&#46;").replace("@", "&#64;")


def whom(cause: str) -> str:
    """Whom to call about a cause."""
    return CALL[max((part for part in CALL if f"{cause}.".startswith(f"{part}.")), key=len)]


def _row(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"


def _table(head: Iterable[str], rows: Iterable[str]) -> list[str]:
    names = list(head)
    return [_row(*names), _row(*("---" for _ in names)), *rows, ""]


def _anchor(title: str) -> str:
    return re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-")


def _probecli(fault: Fault, row: Mapping[str, Any]) -> str:
    said = row["probecli"]
    named = f"`{said['cause']}`" if said["cause"] else said["state"]
    if said["cause"] and said["state"] != CAUSES[said["cause"]].state:
        named += f", {said['state']}"
    if said["cause"] != fault.cause:
        named += f" (wrongly: it should be `{fault.cause or fault.state}`)"
    return f"{named}: {plain(said['detail'])}" if said["detail"] else named


def _curl(row: Mapping[str, Any]) -> str:
    said = row["curl"]
    if said is None:
        return "—"
    # curl begins its line with the code, which stands first here anyhow.
    words = re.sub(r"^\(\d+\) ", "", said["error"])
    return f"{said['exit']}: {plain(words)}" if words else f"{said['exit']}"


def _blackbox(row: Mapping[str, Any]) -> str:
    said = row["blackbox"]
    if said is None:
        return "—"
    if said["success"]:
        return "success"
    return plain(said["log"]) or "failure, no reason logged"


def _compared(fault: Fault, row: Mapping[str, Any]) -> str:
    return _row(
        plain(fault.name),
        fault.note.replace("|", "\\|"),
        _probecli(fault, row),
        _curl(row),
        _blackbox(row),
    )


_COMPARED = (
    "fault",
    "what it stands for",
    "probecli",
    "curl: exit code, words",
    "blackbox_exporter",
)


def _shown_by(cause: Cause) -> str:
    names = [plain(fault.name) for fault in FAULTS if fault.cause == cause.name]
    if not names:
        return "Not in the fault range: no loopback server can bring it about."
    return f"Shown by {len(names)}: " + "; ".join(names) + "."


def _family(name: str) -> str:
    return name.partition(".")[0]


def _causes() -> Iterable[str]:
    family = ""
    for cause in CAUSES.values():
        if _family(cause.name) != family:
            family = _family(cause.name)
            yield from (f"## `{family}`", "")
        again = "; another attempt is made" if cause.retried else ""
        yield from (
            f"### `{cause.name}`",
            "",
            f"**{cause.state}**{again}. {cause.meaning}",
            "",
            f"- Look: {cause.hint}",
            f"- Call: {whom(cause.name)}.",
            f"- {_shown_by(cause)}",
            "",
        )


def summary(seen: Mapping[str, Mapping[str, Any]]) -> dict[str, int]:
    """What the comparison comes to, counted over all rows."""
    faults = [seen[fault.name] for fault in FAULTS if fault.state != "up"]
    fine = [seen[fault.name] for fault in FAULTS if fault.state == "up"]
    by_curl = [row for row in faults if row["curl"]]
    by_blackbox = [row for row in faults if row["blackbox"]]
    silent_curl = [row for row in by_curl if row["curl"]["exit"] == 0]
    silent_blackbox = [row for row in by_blackbox if row["blackbox"]["success"]]

    def expected(rows: Iterable[Mapping[str, Any]]) -> int:
        return sum(row["probecli"]["cause"].startswith("expect.") for row in rows)

    return {
        "rows": len(FAULTS),
        "faults": len(faults),
        "causes": len({row["probecli"]["cause"] for row in faults}),
        "curl asked": len(by_curl),
        "causes where curl is asked": len({row["probecli"]["cause"] for row in by_curl}),
        "curl codes": len({row["curl"]["exit"] for row in by_curl} - {0}),
        "curl success": len(silent_curl),
        "curl success, expectations": expected(silent_curl),
        "blackbox asked": len(by_blackbox),
        "blackbox success": len(silent_blackbox),
        "blackbox success, expectations": expected(silent_blackbox),
        "fine": len(fine),
        "curl fails fine": sum(bool(row["curl"] and row["curl"]["exit"]) for row in fine),
        "blackbox fails fine": sum(
            bool(row["blackbox"] and not row["blackbox"]["success"]) for row in fine
        ),
    }


def _summary(seen: Mapping[str, Mapping[str, Any]]) -> Iterable[str]:
    told = summary(seen)
    yield from (
        f"Over all {told['rows']} rows, {told['faults']} of them faults or warnings:",
        "",
        f"- probecli gives them {told['causes']} distinct causes. curl, which can be asked for "
        f"{told['curl asked']} of them, ends with {told['curl codes']} distinct exit codes where "
        f"probecli has {told['causes where curl is asked']} causes. blackbox_exporter has one bit, "
        "`probe_success`; its reason is a log line.",
        f"- curl calls {told['curl success']} of its {told['curl asked']} a success (exit code 0), "
        f"{told['curl success, expectations']} of them for want of a way to say what is expected; "
        f"blackbox_exporter {told['blackbox success']} of its {told['blackbox asked']}, "
        f"{told['blackbox success, expectations']} of them likewise.",
        f"- Of the {told['fine']} rows that are no fault, curl fails {told['curl fails fine']} and "
        f"blackbox_exporter {told['blackbox fails fine']}.",
        "",
        "One exit code of curl, and the causes that stand behind it:",
        "",
    )
    behind: defaultdict[int, Counter[str]] = defaultdict(Counter)
    for fault in FAULTS:
        row = seen[fault.name]
        if row["curl"] and fault.cause:
            behind[row["curl"]["exit"]][fault.cause] += 1
    yield from _table(
        ("curl", "faults", "probecli's causes"),
        (
            _row(
                str(code), str(causes.total()), ", ".join(f"`{cause}`" for cause in sorted(causes))
            )
            for code, causes in sorted(behind.items())
        ),
    )


def _how(versions: Mapping[str, str]) -> str:
    return (
        f"Measured with Debian's curl {versions['curl']} and blackbox_exporter "
        f"{versions['blackbox_exporter']} against the same servers, each asked as well as it can "
        "be: the same timeout, trust, redirects, proxy and resolver, and expectations on status, "
        "body, header, banner and records where it has them (curl with `--fail --location "
        "--compressed`; blackbox_exporter unpacks no body unless told which way). `—` stands "
        "where a program has no way to ask, or was not asked yet; PORT, TIME and N for what "
        "differs every time."
    )


def causes_page(measured: Mapping[str, Any]) -> str:
    """The page of all causes, with the short comparison."""
    seen = measured["faults"]
    lines = [
        "# Causes",
        "",
        _MADE,
        "",
        f"Why a target is not up: one of {len(CAUSES)} names, the same in every output. Those "
        "that begin with `dns`, `tcp`, `tls` and `http` are types of W3C Network Error Logging. "
        "Each has a state: `down` is the target's fault; `unknown` means that the prober cannot "
        "tell. The faults named are servers of the test suite; [faults.md](faults.md) has all "
        f"{len(FAULTS)}.",
        "",
        *_causes(),
        "## The same faults seen by curl and blackbox_exporter",
        "",
        f"A choice; all of them are in [faults.md](faults.md). {_how(measured['versions'])}",
        "",
        *_table(_COMPARED, (_compared(BY_NAME[name], seen[name]) for name in CHOICE)),
        "## What the vocabulary adds",
        "",
        *_summary(seen),
    ]
    return "\n".join(lines).rstrip() + "\n"


def faults_page(measured: Mapping[str, Any]) -> str:
    """The page of all faults, as the three programs see them."""
    lines = [
        "# The fault range",
        "",
        _MADE,
        "",
        f"{len(FAULTS)} loopback servers, most of them faulty in one way, some only odd. What each "
        "cause means is in [causes.md](causes.md). " + _how(measured["versions"]),
        "",
        *(f"- [{title}](#{_anchor(title)}): {len(rows)}" for title, rows in SECTIONS.items()),
        "",
    ]
    for title, rows in SECTIONS.items():
        lines += [f"## {title}", ""]
        lines += _table(_COMPARED, (_compared(row, measured["faults"][row.name]) for row in rows))
    return "\n".join(lines).rstrip() + "\n"


def _not_measured(fault: Fault) -> dict[str, Any]:
    said = {"state": fault.state, "cause": fault.cause, "detail": fault.words}
    return {"probecli": said, "curl": None, "blackbox": None}


def measured_faults() -> dict[str, Any]:
    """What was measured; a row that is new since then stands as its table has it."""
    measured = json.loads(SEEN.read_bytes())
    rows = {row.name: measured["faults"].get(row.name) or _not_measured(row) for row in FAULTS}
    return {"versions": measured["versions"], "faults": rows}


def pages() -> dict[Path, str]:
    """The pages by the file that each belongs in."""
    measured = measured_faults()
    return {
        DOCS / "causes.md": causes_page(measured),
        DOCS / "faults.md": faults_page(measured),
    }


def main() -> None:
    """Writes the pages."""
    DOCS.mkdir(exist_ok=True)
    for path, text in pages().items():
        path.write_text(text)


if __name__ == "__main__":
    main()

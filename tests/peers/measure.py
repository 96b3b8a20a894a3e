"""`python -m peers.measure [NAME...]`: asks probecli, curl and blackbox_exporter for each fault."""

import json
import re
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from engine.probing import planned, probed
from faults.dns import no_resolver
from faults.fault import Fault, running_target
from faults.table import FAULTS
from peers import blackbox, curl, resolv

SEEN = Path(__file__).with_name("seen.json")

_VARYING = (
    (re.compile(r"/tmp/[\w.-]+/"), ""),
    (re.compile(r"\d{4}-\d\d-\d\dT[\d:.]+(?:Z|[+-]\d\d:\d\d)"), "TIME"),
    # Ports from the ephemeral range, whose lower bound Linux sets to 32768, others to 49152.
    (re.compile(r"(?<=[: ])(?:3[2-9]|[45]\d|6[0-5])\d{3}(?!\d)"), "PORT"),
    (re.compile(r"\d{8,}(?= bytes)"), "N"),
)
_AFTER = re.compile(r"(?<=after )\d+(?= (?:ms|milliseconds))")


def settled(text: str) -> str:
    """`text` without what differs from one measurement, or one machine, to the next."""
    for pattern, replacement in _VARYING:
        text = pattern.sub(replacement, text)
    return text


@contextmanager
def _as_system_resolver(fault: Fault, target: dict[str, Any]) -> Iterator[None]:
    _, _, port = str(target.get("resolver", "")).rpartition(":")
    with resolv.relayed(int(port) if port and fault.serve is not no_resolver else None):
        yield


def seen(fault: Fault, folder: Path) -> dict[str, Any]:
    """What the three say of a fault; None where a program has no way to ask.

    Each meets servers of its own, because some faults come in turns.
    """
    with running_target(fault) as target:
        result = probed(planned(target)).results[0]
    row: dict[str, Any] = {
        "probecli": {
            "state": result.state,
            "cause": result.cause,
            "detail": settled(result.detail or ""),
        },
        "curl": None,
        "blackbox": None,
    }
    with running_target(fault) as target, _as_system_resolver(fault, target):
        if curl.speaks(target):
            by_curl = curl.ask(target)
            error = _AFTER.sub("N", settled(by_curl.error))
            row["curl"] = {"exit": by_curl.exit, "error": error}
    with running_target(fault) as target, _as_system_resolver(fault, target):
        if blackbox.speaks(target):
            by_blackbox = blackbox.ask(target, folder)
            row["blackbox"] = {"success": by_blackbox.success, "log": settled(by_blackbox.log)}
    return row


def main() -> None:
    """Measures the faults named, or all, and writes what was seen."""
    resolv.enter("peers.measure")
    wanted = set(sys.argv[1:])
    known = json.loads(SEEN.read_bytes())["faults"] if wanted else {}
    rows: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as folder:
        for fault in FAULTS:
            if not wanted or fault.name in wanted:
                rows[fault.name] = seen(fault, Path(folder))
                print(f"{fault.name}: {json.dumps(rows[fault.name])}", file=sys.stderr)  # noqa: T201
            elif fault.name in known:
                rows[fault.name] = known[fault.name]
    versions = {"curl": curl.version(), "blackbox_exporter": blackbox.version()}
    whole = {"versions": versions, "faults": rows}
    SEEN.write_text(json.dumps(whole, indent=1, ensure_ascii=True) + "\n")


if __name__ == "__main__":
    main()

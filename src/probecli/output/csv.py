"""Results as a spreadsheet reads them: RFC 4180, UTF-8, LF, a header always."""

import csv
import io
import re
from collections.abc import Iterator
from functools import lru_cache
from itertools import islice

from probecli.model.result import Result
from probecli.model.snapshot import Run, Snapshot
from probecli.output.document import Document
from probecli.output.interface import Context, Destination, Output
from probecli.text import harmless

# fmt: off
COLUMNS = (
    "run_id", "vantage", "started_at", "name", "kind", "url", "group", "tags", "state", "cause",
    "detail", "http_status", "ip", "attempts", "flaky", "dns_ms", "connect_ms", "tls_ms",
    "send_ms", "wait_ms", "receive_ms", "total_ms", "certificate_days", "since",
)
# fmt: on
_CHUNK = 500

# What starts a formula, also in full width (OWASP, CSV Injection). Where the comma is the decimal
# sign, a spreadsheet splits at `;` instead: what follows one can be a cell as well.
_FORMULA = re.compile(r"(^\s*|;\s*)(?=[=+\-@\uff1d\uff0b\uff0d\uff20])")

Cell = str | int | float | None


# Groups, vantages and common details come again and again.
@lru_cache(maxsize=1024)
def text_cell(text: str | None) -> str:
    """`text` as one printable line that no spreadsheet runs; empty for None."""
    return _FORMULA.sub(r"\1'", harmless(text)) if text else ""


def row(run: Run, result: Result) -> list[Cell]:
    """The cells of one result, in the order of `COLUMNS`; numbers stay numbers."""
    phases = result.timings_ms
    return [
        text_cell(run.id),
        text_cell(run.vantage),
        result.started_at,
        text_cell(result.name),
        result.kind,
        text_cell(result.url),
        text_cell(result.group),
        text_cell(";".join(result.tags)),
        result.state,
        result.cause,
        text_cell(result.detail),
        result.http.status if result.http else None,
        result.server.ip if result.server else None,
        len(result.attempts),
        "true" if result.flaky else "false",
        phases.dns,
        phases.connect,
        phases.tls,
        phases.send,
        phases.wait,
        phases.receive,
        phases.total,
        result.tls.certificate_days if result.tls else None,
        result.since,
    ]


def render(snapshot: Snapshot) -> Iterator[bytes]:
    """The header and a row a target, in the order of the target file."""
    page = io.StringIO(newline="")
    writer = csv.writer(page, lineterminator="\n")
    writer.writerow(COLUMNS)
    results = iter(snapshot.targets)
    while chunk := [*islice(results, _CHUNK)]:
        writer.writerows(row(snapshot.run, result) for result in chunk)
        yield page.getvalue().encode()
        page.seek(0)
        page.truncate()
    yield page.getvalue().encode()


def create(destination: Destination, context: Context) -> Output:
    """The `csv` output."""
    return Document(destination, render)

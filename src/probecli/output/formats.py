"""The one table of output formats."""

from importlib import import_module
from typing import NamedTuple

from probecli.output.interface import Context, Destination, Output


class Format(NamedTuple):
    """Where a format lives, and what it is for in one line.

    The module has `create(destination: Destination, context: Context) -> Output`.
    """

    module: str
    description: str


FORMATS: dict[str, Format] = {
    "table": Format("probecli.output.table", "for people: live on a terminal, what fails first"),
    "plain": Format(
        "probecli.output.plain", "for logs and pipes: one line a target as it finishes"
    ),
    "json": Format("probecli.output.json", "the whole snapshot, one document"),
    "ndjson": Format("probecli.output.ndjson", "one JSON object a line as each target finishes"),
    "csv": Format("probecli.output.csv", "for spreadsheets: one row a target"),
    "junit": Format("probecli.output.junit", "for the test report of a CI server"),
    "prometheus": Format(
        "probecli.output.prometheus", "metrics for the textfile collector of node_exporter"
    ),
    "github": Format("probecli.output.github", "annotations and step summary of GitHub Actions"),
    "html": Format("probecli.output.html", "for a browser: one page that needs nothing else"),
    "nagios": Format("probecli.output.nagios", "for Nagios and Icinga, with performance data"),
}


def create(name: str, destination: Destination, context: Context) -> Output:
    """The output of a format in `FORMATS`, its module imported only now."""
    output: Output = import_module(FORMATS[name].module).create(destination, context)
    return output

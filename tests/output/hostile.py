"""Texts that a hostile server, target file or terminal user would send."""

from hypothesis import strategies as st

FRAGMENTS = (
    "\x1b[2J\x1b[31m",
    "\x1b]0;title\x07",
    "\x9b31m",
    "\r",
    "\n",
    "\t",
    "\x00",
    "\x7f",
    "\u2028",
    "\u2029",
    "\u202e",
    "\u2066",
    "\u200b",
    "\ufeff",
    "\U000e0041",
    "\ud800",
    "::error::",
    "::error file=a,line=1::",
    "::set-output name=x::",
    "::",
    "##[error]",
    "##vso[task.complete]",
    "##teamcity[x]",
    "#",
    "[",
    "[bold]",
    "[/red]",
    "=1+1",
    "+1",
    "-1",
    "@SUM(A1)",
    "\uff1d1",
    ";=1",
    '"',
    "'",
    ",",
    "\\",
    "日本語",
    "👨\u200d👩\u200d👧",
    "e" + "\u0301" * 20,
    "2001:db8::1",
    " ",
)

texts = st.lists(
    st.one_of(st.sampled_from(FRAGMENTS), st.text(st.characters(), max_size=8)), max_size=8
).map("".join)


def is_harmless_line(line: str) -> bool:
    """Whether a terminal, an editor or a CI log takes every character of `line` as text."""
    return line.isprintable() and not runs_a_command(line)


def runs_a_command(line: str) -> bool:
    """What GitHub's runner, Azure's agent and TeamCity take for a command.

    GitHub: `ActionCommand.TryParseV2` wants `::` first in the trimmed line and a second `::`, with
    the name of a registered command between, all of which are ASCII letters and hyphens;
    `TryParse` looks for `##[` anywhere, as Azure does for `##vso[`.
    """
    start = line.lstrip()
    name = start[2:].partition("::")[0].partition(" ")[0]
    named = name.replace("-", "").isalpha() and name.isascii()
    version_2 = start.startswith("::") and "::" in start[2:] and named
    return version_2 or any(mark in line for mark in ("##[", "##vso[", "##teamcity["))

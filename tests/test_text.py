import pytest
from hypothesis import given

from output.hostile import is_harmless_line, texts
from probecli.text import harmless, one_line, redact, without_workflow_commands


@given(texts)
def test_any_text_becomes_one_line_that_commands_nothing(text: str) -> None:
    assert is_harmless_line(harmless(text))


@given(texts)
def test_a_harmless_line_stays_as_it_is(text: str) -> None:
    line = harmless(text)

    assert harmless(line) == line


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("503 Service Unavailable", "503 Service Unavailable"),
        ("  two \n lines\t", "two lines"),
        ("\x1b[31mred", r"\x1b[31mred"),
        ("c1 \x9b31m", r"c1 \x9b31m"),
        ("a\u202eb", r"a\u202eb"),
        ("a\u200bb", r"a\u200bb"),
        ("a\U000e0041b", r"a\U000e0041b"),
        ("a\ud800b", r"a\ud800b"),
        ("a\u2028b", "a b"),
        ("a\rb", "a b"),
        ("été 日本 👍", "été 日本 👍"),
    ],
)
def test_what_cannot_be_seen_becomes_visible(text: str, line: str) -> None:
    assert one_line(text) == line


def test_a_text_over_the_limit_is_cut_with_an_ellipsis() -> None:
    assert one_line("abcdef", 4) == "abc…"
    assert one_line("abcd", 4) == "abcd"


@pytest.mark.parametrize(
    ("line", "broken"),
    [
        ("::error::x", ": :error::x"),
        ("::error file=a.py,line=1::x", ": :error file=a.py,line=1::x"),
        ("say ::warning::x", "say : :warning::x"),
        ("##[error]x", "# #[error]x"),
        ("###[error]x", "## #[error]x"),
        ("##vso[task.complete]", "# #vso[task.complete]"),
        ("##teamcity[x]", "# #teamcity[x]"),
    ],
)
def test_workflow_commands_are_broken_up(line: str, broken: str) -> None:
    assert without_workflow_commands(line) == broken


@pytest.mark.parametrize(
    "line", ["http://[2001:db8::1]:8080/", "connect to ::1", "fe80::abcd:1", "C++ a::b", "## Title"]
)
def test_what_is_no_workflow_command_stays_as_it_is(line: str) -> None:
    assert without_workflow_commands(line) == line


def test_every_occurrence_of_a_secret_is_masked() -> None:
    assert redact("a=s3cret&b=s3cret%2B", ("s3cret%2B", "s3cret")) == "a=***&b=***"

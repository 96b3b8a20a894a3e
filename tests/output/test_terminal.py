import pytest

from probecli.output.terminal import terminal_facts

TERM = {"TERM": "xterm-256color"}


@pytest.mark.parametrize(
    ("env", "is_terminal", "flag", "color"),
    [
        (TERM, True, None, True),
        (TERM, False, None, False),
        ({}, True, None, False),
        ({"TERM": "dumb"}, True, None, False),
        (TERM | {"NO_COLOR": "1"}, True, None, False),
        (TERM | {"NO_COLOR": ""}, True, None, True),
        (TERM | {"NO_COLOR": "1", "FORCE_COLOR": "1"}, True, None, False),
        ({"FORCE_COLOR": "1"}, False, None, True),
        ({"FORCE_COLOR": "1", "TERM": "dumb"}, True, None, True),
        (TERM | {"FORCE_COLOR": "0"}, True, None, False),
        (TERM | {"FORCE_COLOR": ""}, False, None, False),
        (TERM | {"FORCE_COLOR": "1"}, True, False, False),
        (TERM | {"NO_COLOR": "1"}, False, True, True),
        (TERM | {"CI": "true"}, True, None, True),
    ],
)
def test_colour_follows_the_flag_then_the_environment_then_the_terminal(
    env: dict[str, str], is_terminal: bool, flag: bool | None, color: bool
) -> None:
    assert terminal_facts(env, is_terminal=is_terminal, color=flag).color is color


@pytest.mark.parametrize(
    ("env", "is_terminal", "live"),
    [
        (TERM, True, True),
        (TERM, False, False),
        (TERM | {"FORCE_COLOR": "1"}, False, False),
        (TERM | {"NO_COLOR": "1"}, True, True),
        ({"TERM": "dumb"}, True, False),
        ({"TERM": "unknown"}, True, False),
        ({}, True, False),
        (TERM | {"CI": "true"}, True, False),
        (TERM | {"CI": "1"}, True, False),
        (TERM | {"CI": ""}, True, True),
        (TERM | {"CI": "false"}, True, True),
    ],
)
def test_only_a_terminal_that_can_redraw_and_is_not_in_ci_is_live(
    env: dict[str, str], is_terminal: bool, live: bool
) -> None:
    assert terminal_facts(env, is_terminal=is_terminal).live is live


@pytest.mark.parametrize(
    ("encoding", "unicode"),
    [("utf-8", True), ("UTF8", True), ("utf_8", True), ("ascii", False), ("latin-1", False)],
)
def test_other_encodings_than_utf_get_ascii_signs(encoding: str, unicode: bool) -> None:
    assert terminal_facts({}, is_terminal=True, encoding=encoding).unicode is unicode

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from output.hostile import is_harmless_line, texts
from probecli.output.cells import crop, fit, span, tidy, to_text, wrap
from probecli.output.terminal import Terminal


@given(texts, st.integers(1, 60))
def test_any_text_fits_exactly_into_its_cells(text: str, width: int) -> None:
    assert cell_len(fit(tidy(text), width)) == width


@given(texts, st.integers(2, 40), st.integers(1, 5))
def test_wrapped_lines_are_never_too_wide_nor_too_many(text: str, width: int, most: int) -> None:
    lines = wrap(tidy(text), width, most)

    assert 1 <= len(lines) <= most
    assert all(cell_len(line) <= width for line in lines)
    assert all(map(is_harmless_line, lines))


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("one two three", ["one two", "three"]),
        ("one two three four five", ["one two", "three f…"]),
        ("onetwothree", ["onetwoth", "ree"]),
        ("日本語日本語", ["日本語日", "本語"]),
        ("", [""]),
    ],
)
def test_text_wraps_at_words_and_says_when_it_was_cut(text: str, lines: list[str]) -> None:
    assert wrap(text, 8, 2) == lines


@pytest.mark.parametrize(
    ("text", "fitted"),
    [
        ("abc", "abc  "),
        ("abcdef", "abcd…"),
        ("日本語", "日本…"),
        ("a日本語", "a日 …"),
        ("ábcd", "ábcd "),
    ],
)
def test_a_cut_never_splits_a_wide_sign(text: str, fitted: str) -> None:
    assert fit(text, 5) == fitted


def test_heaps_of_marks_and_modifiers_become_the_plain_sign() -> None:
    assert tidy("e" + "\u0301" * 20) == "e\u0301\u0301"
    assert tidy("❤\ufe0f 👍🏽 1\ufe0f\u20e3 🇫🇷") == "❤ 👍 1 FR"


def test_markup_is_text() -> None:
    assert to_text([span("[bold]x[/bold]")], Terminal(color=True)) == "[bold]x[/bold]"


def test_colour_is_the_users_own_palette_and_only_where_wanted() -> None:
    line = [span("down", "down")]

    assert to_text(line, Terminal(color=True)) == "\x1b[1;31mdown\x1b[0m"
    assert to_text(line, Terminal()) == "down"


def test_a_line_is_cropped_to_its_width_and_has_no_blanks_at_its_end() -> None:
    line = [span("ab", "down"), span("cd"), span("   ", "faint"), span(" ")]

    assert to_text(crop(line, 80), Terminal()) == "abcd"
    assert to_text(crop(line, 3), Terminal()) == "abc"
    assert crop([span("  ")], 80) == []

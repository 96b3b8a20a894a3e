import pytest
from hypothesis import given
from markdown_it import MarkdownIt

from output.hostile import is_harmless_line, texts
from probecli.output.markdown import code, inert, table
from probecli.text import harmless

READER = MarkdownIt("commonmark").enable("table")


def cells(lines: list[str]) -> list[str]:
    """The text of each cell of the only table, as its reader sees it."""
    tokens = READER.parse("\n".join(lines))
    assert [token.type for token in tokens if token.level == 0] == ["table_open", "table_close"]
    found = []
    for token in tokens:
        for child in token.children or ():
            assert child.type in ("text", "text_special", "html_inline"), child
            if child.type == "html_inline":
                assert child.content in ("<code>", "</code>")
        if token.type == "inline":
            found.append(
                "".join(one.content for one in token.children or () if one.type != "html_inline")
            )
    return found


@given(texts, texts)
def test_hostile_text_in_a_table_is_text_only(first: str, second: str) -> None:
    lines = table(("A", "B"), [(code(first), inert(second))])

    expected = [harmless(first), harmless(second)]
    assert [one.strip() for one in cells(lines)[2:]] == [one.strip() for one in expected]
    assert all(is_harmless_line(line) for line in lines)


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        "a|b",
        "![x](https://evil.example/p.png)",
        "[x](javascript:alert(1))",
        "`x`",
        "**x**",
        "&lt;",
        "\\",
        "<!-- -->",
        "</code><img src=x>",
    ],
)
def test_markup_is_shown_as_it_is(text: str) -> None:
    assert cells(table(("A",), [(code(text),)]))[1] == text


@pytest.mark.parametrize(
    "text", ["https://evil.example/", "www.evil.example", "@team", "#1", "WWW.x"]
)
def test_nothing_is_left_that_github_makes_a_link_of(text: str) -> None:
    assert not any(mark in inert(text).lower() for mark in ("://", "www.", "@")), inert(text)
    assert code(text).startswith("<code>")


def test_an_empty_text_makes_an_empty_cell() -> None:
    assert code("") == code(" ") == ""

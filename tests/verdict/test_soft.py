import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probecli.verdict.phrases import PHRASES
from probecli.verdict.prefilter import may_say_so
from probecli.verdict.soft import unavailable
from verdict.pages import HOLDING, WORKING, html

HTML = {"content-type": "text/html"}


def phrases(language: str) -> list[tuple[str, str]]:
    return [(weight, text) for weight, texts in PHRASES[language].items() for text in texts]


@pytest.mark.parametrize("name", HOLDING)
def test_a_holding_page_is_unavailable(name: str) -> None:
    assert unavailable(HTML, HOLDING[name])


@pytest.mark.parametrize("name", WORKING)
def test_a_working_page_is_not_unavailable(name: str) -> None:
    assert unavailable(HTML, WORKING[name]) is None


@pytest.mark.parametrize("language", PHRASES)
def test_every_phrase_makes_a_small_page_unavailable(language: str) -> None:
    for weight, phrase in phrases(language):
        for text in (phrase, phrase.upper()):
            page = html("", f"<p>{text}</p>") if weight == "apology" else html(text, "")
            assert unavailable(HTML, page), text


@pytest.mark.parametrize("language", PHRASES)
def test_the_sieve_lets_every_phrase_through_however_it_is_written(language: str) -> None:
    for _, phrase in phrases(language):
        written = [
            phrase,
            phrase.upper(),
            phrase.replace(" ", "</b>\n&nbsp;<i class='x'>"),
            phrase.replace("'", "’"),
        ]
        if all(ord(char) < 0x250 for char in phrase):
            written.append(phrase.encode("ascii", "xmlcharrefreplace").decode())
        for text in written:
            assert may_say_so(f"<p>{text}</p>".encode()), text


@pytest.mark.parametrize("language", PHRASES)
def test_a_page_of_nothing_but_a_phrase_is_not_too_short_for_the_sieve(language: str) -> None:
    for _, phrase in phrases(language):
        assert may_say_so(phrase.encode()), phrase
        if all(ord(char) < 0x100 for char in phrase):
            assert may_say_so(phrase.encode("latin-1")), phrase


def test_the_words_found_are_quoted_as_the_page_writes_them() -> None:
    page = html("Banque", "<p>Bonjour.</p><p>Nos services sont Actuellement Indisponibles.</p>")

    assert unavailable(HTML, page) == "Nos services sont Actuellement Indisponibles."


@pytest.mark.parametrize(
    ("content_type", "body", "expected"),
    [
        ("text/plain", b"Service temporarily unavailable\n", True),
        ("text/plain; charset=utf-8", b"maintenance", True),
        ("text/plain", b"OK\n", False),
        ("text/plain", b"service unavailable, said the log " + b"and more words " * 80, False),
        ("application/json", b'"Service unavailable"', False),
        ("application/xhtml+xml", b"<html><title>Site en maintenance</title></html>", True),
        ("", b"<title>Site en maintenance</title>", True),
        ("", b"Site en maintenance", False),
        ("image/png", b"Service unavailable", False),
    ],
)
def test_only_html_and_short_plain_text_are_read(
    content_type: str, body: bytes, expected: bool
) -> None:
    headers = {"content-type": content_type} if content_type else {}

    assert (unavailable(headers, body) is not None) == expected


def test_a_declared_charset_is_honoured() -> None:
    page = html("Банка", "<h1>Сайтът е временно недостъпен</h1>").decode().encode("cp1251")

    assert unavailable({"content-type": "text/html; charset=windows-1251"}, page)


@pytest.mark.parametrize(
    "page",
    [
        b"<title>Site en maintenance</title>" + b"<div>" * 2_900,
        b"<title>Site en maintenance</title>" + b"<p hidden>" * 2_900,
        b"<title>Site en maintenance</title>" + b"<a><table>" * 1_400,
        b"Site en maintenance" * 100_000,
        b"<" * 1_000_000,
    ],
    ids=["nested", "hidden", "tables", "phrases", "angles"],
)
def test_a_hostile_page_costs_milliseconds(page: bytes) -> None:
    before = time.process_time()
    unavailable(HTML, page)

    assert time.process_time() - before < 2


@given(st.binary(max_size=400))
def test_no_bytes_upset_it(noise: bytes) -> None:
    unavailable(HTML, b"<title>Site en maintenance" + noise)

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probecli.verdict.content import NotJsonError, body_text, by_name, parse_json


@pytest.mark.parametrize(
    ("content_type", "body", "text"),
    [
        ("text/html; charset=utf-8", "é".encode(), "é"),
        ("text/html; charset=ISO-8859-1", b"\xe9 \x80", "é €"),
        ('text/html; charset="windows-1251"', b"\xc1", "Б"),
        ("text/html", b'<meta charset="iso-8859-15">\xa4', '<meta charset="iso-8859-15">€'),
        ("text/html", b"<meta charset=utf-16>ok", "<meta charset=utf-16>ok"),
        ("text/html; charset=utf-8", b"\xff\xfea\x00", "a"),
        ("text/html; charset=latin-1", b"\xef\xbb\xbf\xc3\xa9", "é"),
        ("", b"caf\xc3\xa9", "café"),
        ("", b"caf\xe9 noir", "café noir"),
        ("", "café".encode()[:-1], "caf\ufffd"),
        ("text/html; charset=utf-8", b"caf\xe9 noir", "caf\ufffd noir"),
        ("text/html; charset=nonsense", b"ok", "ok"),
        ("text/html; charset=rot13", b"ok", "ok"),
        ("text/html; charset=unicode_escape", rb"\x41", r"\x41"),
        ("text/html; charset=undefined", b"ok", "ok"),
        ("text/html; charset=zip", b"ok", "ok"),
    ],
)
def test_a_body_is_decoded_as_browsers_do(content_type: str, body: bytes, text: str) -> None:
    assert body_text(content_type, body) == text


@given(st.text(max_size=30), st.binary(max_size=60))
def test_any_bytes_become_text(label: str, body: bytes) -> None:
    assert isinstance(body_text(f"text/html; charset={label}", body), str)


def test_headers_sent_twice_are_joined_in_their_order() -> None:
    assert by_name((("via", "a"), ("x", "1"), ("via", "b"))) == {"via": "a, b", "x": "1"}


@given(st.text(max_size=200))
def test_any_text_is_json_or_says_where_it_is_not(text: str) -> None:
    try:
        parse_json(text)
    except NotJsonError as error:
        message = str(error)
    else:
        return
    assert message.startswith("not JSON: ")

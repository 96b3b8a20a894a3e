"""Content codings undone within bounds."""

import gzip
import time
import zlib

import brotli
import pytest
from hypothesis import given
from hypothesis import strategies as st

from probecli.probe.content import decoded
from probecli.probe.wire.fault import Fault

PLAIN = b"<h1>Welcome</h1>" * 50
LIMIT = 1 << 20


def raw_deflate(data: bytes) -> bytes:
    """Deflate without zlib's wrapping."""
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(data) + packer.flush()


ENCODERS = {
    "gzip": lambda data: gzip.compress(data, mtime=0),
    "x-gzip": lambda data: gzip.compress(data, mtime=0),
    "deflate": zlib.compress,
    "raw deflate": raw_deflate,
    "br": brotli.compress,
}


def undone(body: bytes, codings: str, *, limit: int = LIMIT, cut: bool = False) -> bytes:
    """`decoded` with a limit of 1 MiB."""
    return decoded(body, codings, limit=limit, cut=cut)


@pytest.mark.parametrize("name", ENCODERS)
@given(data=st.binary(max_size=5000))
def test_what_was_encoded_comes_back(name: str, data: bytes) -> None:
    assert undone(ENCODERS[name](data), name.removeprefix("raw ")) == data


@pytest.mark.parametrize("codings", ["GZIP", " gzip ", "identity, gzip", "gzip, identity"])
def test_names_of_codings_ignore_case_space_and_identity(codings: str) -> None:
    assert undone(gzip.compress(PLAIN), codings) == PLAIN


def test_several_codings_are_undone_from_the_last_to_the_first() -> None:
    assert undone(brotli.compress(gzip.compress(PLAIN)), "gzip, br") == PLAIN


def test_more_codings_than_anyone_uses_are_refused() -> None:
    with pytest.raises(Fault, match="6 content codings"):
        undone(PLAIN, ", ".join(["gzip"] * 6))


@pytest.mark.parametrize("codings", ["gzip", "br", "deflate", "rot13"])
def test_a_response_without_a_body_needs_no_decoding(codings: str) -> None:
    assert undone(b"", codings) == b""


def test_a_gzip_body_of_several_members_is_one_body() -> None:
    body = gzip.compress(b"one ") + gzip.compress(b"") + gzip.compress(b"two")
    assert undone(body, "gzip") == b"one two"


@pytest.mark.parametrize("padding", [b"\0" * 600, b"\r\n", b"garbage", b"\x1f"])
def test_what_follows_the_last_gzip_member_is_padding(padding: bytes) -> None:
    assert undone(gzip.compress(PLAIN) + padding, "gzip") == PLAIN


def test_a_broken_second_member_is_a_fault() -> None:
    with pytest.raises(Fault, match="corrupt gzip"):
        undone(gzip.compress(PLAIN) + b"\x1f\x8b" + b"\xff" * 40, "gzip")


@pytest.mark.parametrize("name", ENCODERS)
def test_a_truncated_body_is_a_fault_and_a_body_that_we_cut_is_not(name: str) -> None:
    body = ENCODERS[name](bytes(range(256)) * 20)[:-6]
    coding = name.removeprefix("raw ")
    with pytest.raises(Fault, match="ends early") as caught:
        undone(body, coding)
    assert caught.value.cause == "http.response.invalid"
    assert (bytes(range(256)) * 20).startswith(undone(body, coding, cut=True))


@pytest.mark.parametrize("coding", ["gzip", "deflate", "br"])
def test_a_corrupt_body_is_a_fault(coding: str) -> None:
    with pytest.raises(Fault, match=coding) as caught:
        undone(b"\xfe" * 400, coding)
    assert caught.value.cause == "http.response.invalid"


@pytest.mark.parametrize("name", ENCODERS)
def test_a_bomb_is_cut_at_the_limit(name: str) -> None:
    bomb = ENCODERS[name](bytes(32 << 20))
    assert undone(bomb, name.removeprefix("raw "), limit=1000) == bytes(1000)


def test_a_bomb_in_a_bomb_is_cut_at_the_limit_and_no_fault() -> None:
    bomb = gzip.compress(gzip.compress(bytes(64 << 20), 1))
    assert set(undone(bomb, "gzip, gzip", limit=4096)) <= {0}


def test_thousands_of_empty_members_take_no_time_that_grows_with_their_square() -> None:
    member = gzip.compress(b"")
    before = time.process_time()
    assert undone(member * (LIMIT // len(member)), "gzip") == b""
    # Quadratic copying took some ten seconds here; this takes a few tenths.
    assert time.process_time() - before < 3

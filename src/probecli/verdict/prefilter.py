"""A cheap sieve over raw bytes: which pages are worth parsing for the phrases.

Both steps let through everything that the phrases find, and little else: the first is small, ready
in a millisecond and enough for most pages; the second is the phrases themselves as they look in
HTML source, and takes 20 ms to compile, once, when a page first asks for it.
"""

import re
from collections.abc import Callable, Sequence
from functools import lru_cache

from probecli.verdict.phrases import PHRASES

# Words so frequent that finding one says nothing.
_FREQUENT = frozenset(
    {"actuellement", "application", "cours", "currently", "disponible", "moment", "nicht", "pages"}
    | {"please", "retour", "service", "services", "sorry", "website"}
)
# No phrase is shorter, in characters: health endpoints that answer "ok" need no expression.
_SHORTEST = 6
_GAP = r"(?:\s|&nbsp;|&#160;|\xc2\xa0|\xa0|<[^<>]*>)+"
# An accented letter or an apostrophe: as bytes, as an entity, or as its plain form.
_ODD = r"(?:[\x80-\xff]{1,4}|&[#0-9a-z]+;|[a-z'-])"


def _all_phrases() -> set[str]:
    return {
        phrase.casefold()
        for by_weight in PHRASES.values()
        for phrases in by_weight.values()
        for phrase in phrases
    }


def _bytes_of(letter: str) -> str:
    """A letter of another script in both cases, as its UTF-8 bytes."""
    forms = {letter.casefold(), letter.upper()}
    return "(?:" + "|".join(_hex(form) for form in sorted(forms)) + ")"


def _hex(text: str) -> str:
    return "".join(f"\\x{byte:02x}" for byte in text.encode())


def _source_of(word: str) -> str:
    """A word as it may stand in HTML source."""
    return "".join(
        char
        if char.isascii() and char.isalnum()
        else _bytes_of(char)
        if char.isalpha() and ord(char) >= 0x250
        else _ODD
        for char in word
    )


def _telling_part(phrase: str) -> str:
    """The rarest-looking part of a phrase: its longest plain run of letters, or its last words."""
    words: list[str] = [word for word in re.findall("[a-z]{5,}", phrase) if word not in _FREQUENT]
    if words:
        return max(words, key=len)
    return _GAP.join(map(_source_of, phrase.split()[-2:]))


def _compiled(alternatives: set[str]) -> Callable[[bytes], Sequence[int]]:
    """A test for any of the alternatives; a set answers in two thirds of an expression's time."""
    import re2

    options = re2.Options()
    options.case_sensitive = False
    options.encoding = re2.Options.Encoding.LATIN1
    options.log_errors = False
    options.max_mem = 32 << 20
    wanted = re2.Set.SearchSet(options)
    wanted.Add("|".join(sorted(alternatives)))
    wanted.Compile()
    return wanted.Match  # type: ignore[no-any-return]


@lru_cache(maxsize=1)
def _telling() -> Callable[[bytes], Sequence[int]]:
    return _compiled({_telling_part(phrase) for phrase in _all_phrases()})


@lru_cache(maxsize=1)
def _whole_phrases() -> Callable[[bytes], Sequence[int]]:
    return _compiled({_GAP.join(map(_source_of, phrase.split())) for phrase in _all_phrases()})


def may_say_so(source: bytes) -> bool:
    """Whether a page's source (in UTF-8 or Latin-1) may hold one of the phrases."""
    if len(source) < _SHORTEST:
        return False
    return bool(_telling()(source)) and bool(_whole_phrases()(source))

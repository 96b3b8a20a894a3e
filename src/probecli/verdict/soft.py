"""Pages that answer 2xx and say that the service is unavailable or under maintenance."""

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

from msgspec import Struct

from probecli.verdict.content import body_text, charset, media_type
from probecli.verdict.phrases import PHRASES, Weight
from probecli.verdict.prefilter import may_say_so

CONSIDERED_BYTES = 256 * 1024
# Parsing costs the square of the nesting, and a holding page is small: 3,000 tags nested in one
# another take 20 ms, and no holding page has so many.
MAX_TAGS = 3000

_SMALL_BYTES = 256

SHORT_WORDS = 150
TINY_WORDS = 60
LEAD_WORDS = 30
MAX_LINKS = 20
FEW_LINKS = 8

_HTML = ("text/html", "application/xhtml+xml")
_INVISIBLE = (
    "script, style, noscript, template, svg, iframe, object, select, dialog, nav, footer, aside, "
    "[hidden], [aria-hidden=true], [role=dialog], [role=navigation], [role=contentinfo], "
    '[style*="display:none"], [style*="display: none"]'
)
_ARTICLE = (
    'meta[property="og:type"][content="article"], meta[property^="article:"], '
    "article time, [itemtype*=Article], [itemtype*=Product]"
)
_LOGIN = "input[type=password]"
_SEPARATORS = r"\s+[-|–—·•:»]+\s+|\s*[|»]\s*|\s*:\s+"  # noqa: RUF001
_SENTENCE_END = r"(?<=[.!?…])\s+|\n+"
# Letters that Unicode does not decompose, and the marks that stand for one another.
_APART = str.maketrans("łøđħ’‘ʼ´`‐‑‒–—", "lodh'''''-----", "\u00ad\u200b")  # noqa: RUF001


class Page(Struct, frozen=True, kw_only=True):
    """What a reader sees of a page."""

    title: str
    headings: tuple[str, ...]
    text: str
    links: int
    works: bool


def folded_text(text: str) -> str:
    """`text` without case, accents, typographic apostrophes, and runs of white space."""
    text = text.casefold()
    if not text.isascii():
        import unicodedata

        text = unicodedata.normalize("NFKD", text.translate(_APART)).translate(_APART)
        text = "".join(char for char in text if not unicodedata.combining(char))
    return " ".join(text.split())


@lru_cache(maxsize=1)
def _phrases() -> dict[Weight, Any]:
    """For each weight, one RE2 expression over folded text; whole words only."""
    import re2

    by_weight: dict[Weight, set[str]] = {}
    for language in PHRASES.values():
        for weight, phrases in language.items():
            by_weight.setdefault(weight, set()).update(map(folded_text, phrases))
    return {
        weight: re2.compile(
            r"(?:^|[^\pL\pN])(?:" + "|".join(map(re2.escape, sorted(phrases))) + r")(?:$|[^\pL\pN])"
        )
        for weight, phrases in by_weight.items()
    }


def _has(weight: Weight, text: str) -> bool:
    return _phrases()[weight].search(folded_text(text)) is not None


def _is_whole(heading: str) -> bool:
    """Whether a title or heading, but for the site's name, is one of the `whole` phrases."""
    pattern = _phrases()["whole"]
    return any(
        pattern.fullmatch(folded_text(part).strip(" .!…:")) is not None
        for part in re.split(_SEPARATORS, heading)
    )


def _says_so(heading: str) -> bool:
    return _has("statement", heading) or _has("heading", heading)


def _verdict_words(page: Page) -> str | None:
    words = page.text.split()
    if page.works or len(words) > SHORT_WORDS or page.links > MAX_LINKS:
        return None
    tiny = len(words) <= TINY_WORDS and page.links <= FEW_LINKS
    for heading in (*page.headings, page.title):
        if _says_so(heading) or (tiny and _is_whole(heading)):
            return heading
    lead = page.text if tiny else " ".join(words[:LEAD_WORDS])
    if page.links <= FEW_LINKS and _has("statement", lead):
        return _sentence(page.text, "statement")
    if tiny and _has("apology", page.text):
        return _sentence(page.text, "apology")
    return None


def _sentence(text: str, weight: Weight) -> str:
    for sentence in re.split(_SENTENCE_END, text):
        if _has(weight, sentence):
            return sentence.strip()
    return text


def _visible(node: Any) -> str:
    return " ".join(node.text(separator=" ").split())


def _headings(body: Any) -> Iterator[str]:
    """Every h1, and the first heading of any level: the others are parts of a page."""
    first = body.css_first("h1, h2, h3, [role=heading]")
    if first is not None and first.tag != "h1":
        yield _visible(first)
    for heading in body.css("h1")[:10]:
        yield _visible(heading)


def _html_page(text: str) -> Page:
    from selectolax.lexbor import LexborHTMLParser

    tree = LexborHTMLParser(text)
    title = tree.css_first("title")
    works = tree.css_first(f"{_ARTICLE}, {_LOGIN}") is not None
    title_text = _visible(title) if title is not None else ""
    body = tree.body
    if body is None:
        return Page(title=title_text, headings=(), text="", links=0, works=works)
    for node in body.css(_INVISIBLE):
        node.decompose()
    return Page(
        title=title_text,
        headings=tuple(_headings(body)),
        text=_visible(body),
        links=len(body.css("a[href]")),
        works=works,
    )


def _plain_page(text: str) -> Page:
    first_line = text.strip().partition("\n")[0]
    return Page(title="", headings=(first_line,), text=text, links=0, works=False)


def unavailable(headers: Mapping[str, str], body: bytes) -> str | None:
    """The words with which a page says that its service is unavailable; None for any other page.

    `headers` are by lower-case name. Only HTML and plain text are looked at, and the first 256 KiB
    of them. A reader's eye decides, in this order:

    - Scripts, styles, templates, hidden elements, navigation, footer and aside are not there.
    - A page with a password field, an article's or product's metadata, more than 20 links or more
      than 150 visible words works, whatever it says: a login page, a portal, a news story, a
      manual, or a banner on any of them.
    - The title, an h1 or the first heading has a phrase (`statement` or `heading`): unavailable.
    - On a tiny page (at most 60 words and 8 links) the title or heading, but for the site's name,
      is an ordinary word such as "Maintenance" (`whole`): unavailable.
    - The first 30 visible words, or any of a tiny page, have a `statement`, with at most 8 links:
      unavailable.
    - A tiny page has an `apology`: unavailable.

    The numbers hold every page of the tests apart; between two errors they choose to say nothing.
    """
    content_type = headers.get("content-type", "")
    if len(body) <= _SMALL_BYTES and len(content_type) <= _SMALL_BYTES:
        return _small_page(content_type, body)
    return _page_says(content_type, body)


@lru_cache(maxsize=1024)
def _small_page(content_type: str, body: bytes) -> str | None:
    """Health endpoints say the same few words, thousands of times."""
    return _page_says(content_type, body)


def _page_says(content_type: str, body: bytes) -> str | None:
    kind = media_type(content_type)[0]
    if kind and kind != "text/plain" and kind not in _HTML:
        return None
    considered = body[:CONSIDERED_BYTES]
    start = considered[:64].lstrip()[:1]
    if start in (b"{", b"[", b"") or (not kind and start != b"<"):
        return None
    if considered.count(b"<") > MAX_TAGS:
        return None
    source = considered
    if charset(content_type, considered) not in (None, "utf-8", "cp1252"):
        source = body_text(content_type, considered).encode("utf-8", "replace")
    if not may_say_so(source):
        return None
    text = body_text(content_type, considered)
    return _verdict_words(_plain_page(text) if kind == "text/plain" else _html_page(text))

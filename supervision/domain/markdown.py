"""People's own Markdown as HTML that can do nothing but be read.

Two walls: raw HTML is never parsed as such, and what was rendered passes an allow-list of tags and
attributes. So there is no script, no style, no image (which would tell somebody that a note was
opened), no form, and no attribute by which a library would act.

The parser takes some 25 µs for each sign that may mean something, three times that for each line,
and a table grows with lines times columns. So a page has an allowance; what is beyond it is shown
as it was typed.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from html import escape

import nh3
from markdown_it import MarkdownIt
from markdown_it.token import Token

TEXT_TAGS = {"p", "br", "hr", "em", "strong", "s", "a", "ul", "ol", "li", "blockquote"}
OTHER_TAGS = {"code", "pre", "h3", "h4", "h5", "h6", "table", "thead", "tbody", "tr", "th", "td"}
SCHEMES = {"https", "http", "mailto"}
_UNDER = 2  # a page has its own h1 and h2
MOST_WORK, LINE = 4_000, 3
LONGEST_LINK = 2_000
# What markdown-it looks at twice; marks of lists, which can stand in one another.
_SIGN = re.compile(r"[*_`~\[\]<>|&\\!]|(?:[-+]|\d[.)])(?=\s)")


@dataclass
class Allowance:
    """The work that is left for a page: a sign counts one, a line LINE and its table's columns."""

    left: int = MOST_WORK


class _Reader(MarkdownIt):
    """Takes no address apart that no browser would open."""

    def normalizeLink(self, url: str) -> str:  # noqa: N802 - the library's name
        return super().normalizeLink(url) if len(url) <= LONGEST_LINK else url

    def validateLink(self, url: str) -> bool:  # noqa: N802 - the library's name
        return len(url) <= LONGEST_LINK and super().validateLink(url)


@lru_cache(maxsize=1)
def _reader() -> MarkdownIt:
    reader = _Reader("commonmark", {"html": False, "linkify": False, "breaks": True})
    return reader.enable(["strikethrough", "table"]).disable(["image", "html_block", "html_inline"])


def to_html(text: str, allowance: Allowance | None = None) -> str:
    """Render Markdown (CommonMark, with tables, strikethrough and kept line breaks) as safe HTML.

    Headings begin at h3, below those of the page. Links open without telling where they came from.
    All texts of a page share one allowance; the lines beyond it are shown as they were typed.
    """
    head, rest = _within(text, allowance or Allowance())
    tokens = _reader().parse(head)
    for token in tokens:
        _lower(token)
    html = _reader().renderer.render(tokens, _reader().options, {})
    cleaned = nh3.clean(
        html,
        tags=TEXT_TAGS | OTHER_TAGS,
        attributes={"a": {"href", "title"}},
        url_schemes=SCHEMES,
        link_rel="noopener noreferrer nofollow",
        strip_comments=True,
    )
    return cleaned + _as_typed(rest)


def _lower(token: Token) -> None:
    if token.type in {"heading_open", "heading_close"}:
        token.tag = f"h{min(int(token.tag[1]) + _UNDER, 6)}"


def _within(text: str, allowance: Allowance) -> tuple[str, str]:
    """The lines that the allowance is enough for, and those after them."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    at = 0
    for length, work in _lines(text):
        allowance.left -= work
        if allowance.left < 0:
            allowance.left = 0
            return text[:at], text[at:]
        at += length
    return text, ""


def _lines(text: str) -> Iterator[tuple[int, int]]:
    """Length and work of each line. Until a blank line a table fills each row up to its columns."""
    columns = 0
    for line in re.findall(r"[^\n]*\n|[^\n]+", text):
        columns = max(columns, line.count("|")) if line.strip() else 0
        yield len(line), LINE + columns + len(_SIGN.findall(line))


def _as_typed(text: str) -> str:
    return f"<p>{escape(text.strip()).replace(chr(10), '<br>')}</p>" if text.strip() else ""

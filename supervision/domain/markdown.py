"""People's own Markdown as HTML that can do nothing but be read.

Two walls: raw HTML is never parsed as such, and what was rendered passes an allow-list of tags and
attributes. So there is no script, no style, no image (which would tell somebody that a note was
opened), no form, and no attribute by which a library would act.
"""

from functools import lru_cache

import nh3
from markdown_it import MarkdownIt
from markdown_it.token import Token

TEXT_TAGS = {"p", "br", "hr", "em", "strong", "s", "a", "ul", "ol", "li", "blockquote"}
OTHER_TAGS = {"code", "pre", "h3", "h4", "h5", "h6", "table", "thead", "tbody", "tr", "th", "td"}
SCHEMES = {"https", "http", "mailto"}
_UNDER = 2  # a page has its own h1 and h2


@lru_cache(maxsize=1)
def _reader() -> MarkdownIt:
    reader = MarkdownIt("commonmark", {"html": False, "linkify": False, "breaks": True})
    return reader.enable(["strikethrough", "table"]).disable(["image", "html_block", "html_inline"])


def to_html(text: str) -> str:
    """Render Markdown (CommonMark, with tables, strikethrough and kept line breaks) as safe HTML.

    Headings begin at h3, below those of the page. Links open without telling where they came from.
    """
    tokens = _reader().parse(text)
    for token in tokens:
        _lower(token)
    html = _reader().renderer.render(tokens, _reader().options, {})
    return nh3.clean(
        html,
        tags=TEXT_TAGS | OTHER_TAGS,
        attributes={"a": {"href", "title"}},
        url_schemes=SCHEMES,
        link_rel="noopener noreferrer nofollow",
        strip_comments=True,
    )


def _lower(token: Token) -> None:
    if token.type in {"heading_open", "heading_close"}:
        token.tag = f"h{min(int(token.tag[1]) + _UNDER, 6)}"

"""People's Markdown becomes HTML that can only be read (attack 30)."""

import re
from html.parser import HTMLParser

import nh3
import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from supervision.domain import markdown
from supervision.domain.markdown import to_html

HARMLESS = {
    "p": set(), "br": set(), "hr": set(), "em": set(), "strong": set(), "s": set(),
    "a": {"href", "title", "rel"}, "ul": set(), "ol": set(), "li": set(), "blockquote": set(),
    "code": set(), "pre": set(), "h3": set(), "h4": set(), "h5": set(), "h6": set(),
    "table": set(), "thead": set(), "tbody": set(), "tr": set(), "th": set(), "td": set(),
}  # fmt: skip
ATTACKS = (
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "![tracker](https://evil.example.org/seen.png)",
    "[go](javascript:alert(1))",
    "[go](JaVaScRiPt:alert(1))",
    "[go](data:text/html;base64,PHNjcmlwdD4=)",
    "<javascript:alert(1)>",
    '<a hx-get="/lock" hx-trigger="load">x</a>',
    '<div data-hx-on:click="alert(1)">x</div>',
    "<svg onload=alert(1)><use href=x></svg>",
    "<iframe src=https://evil.example.org></iframe>",
    "<form action=/notes/x/delete method=post><button>Save</button></form>",
    "<style>*{background:url(https://evil.example.org)}</style>",
    "<math><mtext></mtext></math>",
    '[x](https://a.example "t" onclick=alert(1))',
    "<!-- --><base href=https://evil.example.org>",
    '`<img src=x>` and\n\n    <img src="x">',
)


class Found(HTMLParser):
    """Every tag with its attributes, and every address."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, set[str]]] = []
        self.addresses: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, {name for name, _ in attrs}))
        self.addresses += [value or "" for name, value in attrs if name in {"href", "src"}]


def harm(html: str) -> list[str]:
    """What in this HTML could do anything."""
    found = Found(html)
    bad = [tag for tag, _ in found.tags if tag not in HARMLESS]
    bad += [f"{t} {a}" for t, names in found.tags for a in names - HARMLESS.get(t, set())]
    return bad + [a for a in found.addresses if not re.match(r"(https?:|mailto:|[^:]*$)", a)]


@pytest.mark.parametrize("text", ATTACKS)
def test_markdown_of_an_attacker_is_inert(text):
    assert harm(to_html(text)) == []


def test_markdown_of_an_attacker_acts_without_the_two_walls(monkeypatch):
    monkeypatch.setattr(markdown, "_reader", lambda: MarkdownIt("commonmark", {"html": True}))
    monkeypatch.setattr(nh3, "clean", lambda html, **_: html)
    acting = [text for text in ATTACKS if harm(to_html(text))]
    assert len(acting) >= 10


def test_either_wall_alone_holds(monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(nh3, "clean", lambda html, **_: html)
        assert [text for text in ATTACKS if harm(to_html(text))] == []
    monkeypatch.setattr(markdown, "_reader", lambda: MarkdownIt("commonmark", {"html": True}))
    assert [text for text in ATTACKS if harm(to_html(text))] == []


@given(st.text(alphabet="<>!\"'()[]{}=:/-_*`#&; \nahxonscriptdatimg", max_size=80))
def test_no_text_becomes_anything_that_acts(text):
    assert harm(to_html(text)) == []


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("**bold** and *leaning*", "<p><strong>bold</strong> and <em>leaning</em></p>\n"),
        ("one\ntwo", "<p>one<br>\ntwo</p>\n"),
        ("# Heading", "<h3>Heading</h3>\n"),
        ("##### Deep", "<h6>Deep</h6>\n"),
        ("- a\n- b", "<ul>\n<li>a</li>\n<li>b</li>\n</ul>\n"),
        ("~~gone~~", "<p><s>gone</s></p>\n"),
        ("3 < 4 & 5 > 2", "<p>3 &lt; 4 &amp; 5 &gt; 2</p>\n"),
        (
            "[CFT](https://example.org)",
            '<p><a href="https://example.org" rel="noopener noreferrer nofollow">CFT</a></p>\n',
        ),
    ],
)
def test_markdown_reads_as_meant(text, html):
    assert to_html(text) == html

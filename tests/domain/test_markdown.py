"""People's Markdown becomes HTML that can only be read (attack 30)."""

import re
import time
from html.parser import HTMLParser

import nh3
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from supervision.domain import markdown
from supervision.domain.markdown import Allowance, to_html

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


# -- bounded work --------------------------------------------------------------------------

SIZE = 50_000


def filled(piece: str) -> str:
    return (piece * (SIZE // len(piece) + 1))[:SIZE]


def table(columns: int) -> str:
    return ("x|" * columns + "\n" + "-|" * columns + "\n" + "|\n" * SIZE)[:SIZE]


HOSTILE = {
    "many empty cells": table(20),
    "wide": table(128),
    "square": table(4_000),
    "cells that are filled in": ("|" * 20 + "a|\n" + "-|" * 21 + "\n" + "a\n" * SIZE)[:SIZE],
    "many tables": filled("a|b\n-|-\nc\n\n"),
    "table in a list": filled("- a|b\n  -|-\n  c\n"),
    "marks that do not close": filled("*_"),
    "marks and brackets": filled("*["),
    "brackets": filled("["),
    "images": filled("![a]("),
    "strong and not": filled("**a*"),
    "struck": filled("~~a"),
    "ticks": "".join("a" + "`" * number for number in range(310)),
    "tags": filled("<a "),
    "addresses": filled("<http://a>"),
    "entities": filled("&amp;"),
    "quotes": filled("> "),
    "quotes in lists": filled("> - " * 10 + "a\n"),
    "lazy quote": ">" * 100 + "a\n" + filled("b\n"),
    "lists in lists": filled("- "),
    "lists": filled("- a\n"),
    "numbered": filled("1. a\n"),
    "paragraphs": filled("a\n\n"),
    "headings": filled("# a\n"),
    "definitions": "".join(f"[{number}]: /a\n" for number in range(4_000)),
    "a long address": "[a](http://x/" + "é" * (SIZE - 20) + ")",
    "a host of many letters": "[a](http://" + "".join(map(chr, range(0x4E00, 0x7E00))) + ")",
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_text_is_shown_in_bounded_time_and_whole(name):
    text = HOSTILE[name]
    to_html("")
    begun = time.thread_time()
    shown = to_html(text)
    assert time.thread_time() - begun < 0.75, "three times what is allowed on a quiet machine"
    assert len(shown) < 8 * SIZE


@given(st.lists(st.sampled_from([*"*_[]<>|&`~!-+#=.1a \n", "](", "- ", "|-|"]), max_size=12))
@settings(max_examples=25, deadline=None)
def test_any_pattern_is_weighed_above_what_it_costs(pieces):
    """Work, not time: what is parsed as Markdown makes no more tokens than its allowance."""
    text = filled("".join(pieces)) if pieces else ""
    head, rest = markdown._within(text, Allowance())
    assert head + rest == text
    tokens = markdown._reader().parse(head)
    assert sum(1 + len(token.children or ()) for token in tokens) < 4 * markdown.MOST_WORK


def test_tokens_without_the_allowance_are_many():
    """The broken twin of the above."""
    tokens = markdown._reader().parse(table(20)[:1_500])
    assert len(tokens) > 4 * markdown.MOST_WORK


def test_what_is_beyond_the_allowance_is_shown_as_it_was_typed():
    lines = "**a** <b>\n" * 1_000 + "*the end*\n"
    shown = to_html(lines, Allowance(20))
    assert shown.count("<strong>a</strong>") == 2
    assert shown.endswith("**a** &lt;b&gt;<br>*the end*</p>")


def test_texts_of_a_page_share_one_allowance():
    allowance = Allowance(8)
    assert to_html("*one*", allowance) == "<p><em>one</em></p>\n"
    assert to_html("*two*", allowance) == "<p>*two*</p>"


def test_long_reflection_of_a_real_person_is_all_markdown():
    said = "She spoke of the week, of her mother (again), and of what we might try. " * 3
    part = f"## A week\n\n{said}I felt *something*.\n\n- {said}\n- {said}\n\n> {said}\n\n"
    text = part * (SIZE // len(part))
    assert markdown._within(text, Allowance()) == (text, "")

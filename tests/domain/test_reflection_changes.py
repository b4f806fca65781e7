"""What changed between two versions."""

from hypothesis import given
from hypothesis import strategies as st

from supervision.domain.reflections import Words
from supervision.domain.reflections.changes import Change, Way, changed_fields, changes

SAME, GONE, NEW = Way.SAME, Way.GONE, Way.NEW


def test_changed_word_is_gone_and_new():
    assert changes("I was quick again.", "I was slow again.") == [
        Change(SAME, "I was"),
        Change(GONE, " quick"),
        Change(NEW, " slow"),
        Change(SAME, " again."),
    ]


def test_first_text_is_all_new():
    assert changes("", "Two words") == [Change(NEW, "Two words")]


def test_what_stayed_is_cut_short():
    long = "word " * 200
    found = changes(long + "old", long + "new")
    assert [change.way for change in found] == [SAME, GONE, NEW]
    assert (len(found[0].text) < 200, found[0].text[0]) == (True, "…")


def test_very_long_texts_are_compared_by_lines():
    before = "\n".join(f"line {n} of many words here" for n in range(1000)) + "\n"
    after = before.replace("line 500 of", "line 500 off")
    assert [c.text for c in changes(before, after) if c.way is NEW] == [
        "line 500 off many words here\n"
    ]


@given(st.text("ab \n", max_size=30), st.text("ab \n", max_size=30))
def test_stretches_make_both_texts(old, new):
    found = changes(old, new)
    assert "".join(c.text for c in found if c.way is not NEW) == old
    assert "".join(c.text for c in found if c.way is not GONE) == new


def test_fields_that_stayed_are_left_out():
    old = Words("gibbs", "T", {"reflection": "a", "feelings": "b", "supervision": True})
    new = Words("gibbs", "T", {"reflection": "a", "feelings": "c", "action": "d"})
    found = [(one.label, one.changes) for one in changed_fields(old, new)]
    assert found == [
        ("What did I think and feel?", [Change(GONE, "b"), Change(NEW, "c")]),
        ("One action", [Change(NEW, "d")]),
        ("Take this to supervision", [Change(GONE, "✓")]),
    ]


def test_number_of_a_system_says_whose_it_is():
    (found,) = changed_fields(Words("cft", "T", {}), Words("cft", "T", {"threat_me": 7}))
    assert (found.label, found.whose) == ("Threat", "me")


def test_title_and_what_the_new_template_lacks_are_shown():
    old = Words("driscoll", "Old", {"so_what": "b"})
    new = Words("free", "New", {"reflection": "a"})
    found = [one.label for one in changed_fields(old, new)]
    assert found == ["", "Reflection", "So what?"]

"""A mail as data, and what it says in plain text."""

from supervision.domain.mail import Action, Fact, Facts, Items, Letter, Quote, Text, blocks_of

LINK = "https://s.example/rosters/1"


def test_letter_in_plain_text_is_its_blocks_with_a_line_between() -> None:
    letter = Letter(
        "en",
        [
            Text("Hello Bob,"),
            Facts([Fact("", "Tue 24 Nov"), Fact("Place", "Room 3")]),
            Facts([Fact("", "10:00")], "Tuesday group"),
            Quote("Alice writes:", "Bring the tape."),
            Items("You have something else at these times:", ["Tue", "Wed"]),
            Action(LINK, "Answer here"),
            Action(LINK),
        ],
    )
    assert letter.plain() == (
        "Hello Bob,\n\n"
        "Tue 24 Nov\nPlace: Room 3\n\n"
        "Tuesday group\n10:00\n\n"
        "Alice writes:\nBring the tape.\n\n"
        "You have something else at these times:\n- Tue\n- Wed\n\n"
        f"Answer here:\n{LINK}\n\n"
        f"{LINK}\n"
    )


def test_fact_is_a_link_only_when_all_of_it_is_one() -> None:
    assert Fact("Meeting link", "https://meet.example/x").link == "https://meet.example/x"
    assert Fact("Place", "Room 3, see https://x.example").link == ""
    assert Fact("Place", "javascript:alert(1)").link == ""


def test_plain_text_becomes_paragraphs_and_links_become_actions() -> None:
    text = f"Alice asks.\nSay yes or no.\n\nAnswer here:\n{LINK}\n\n\n{LINK}\n"
    assert blocks_of(text) == [
        Text("Alice asks.\nSay yes or no."),
        Action(LINK, "Answer here"),
        Action(LINK),
    ]


def test_words_before_a_link_that_are_no_label_stay_a_paragraph() -> None:
    assert blocks_of(f"First.\nIt is here.\n{LINK}") == [
        Text("First.\nIt is here."),
        Action(LINK),
    ]
    assert blocks_of(f"First.\nAnswer here:\n{LINK}") == [
        Text("First."),
        Action(LINK, "Answer here"),
    ]


def test_link_within_a_sentence_is_no_action() -> None:
    assert blocks_of(f"See {LINK} for more.") == [Text(f"See {LINK} for more.")]

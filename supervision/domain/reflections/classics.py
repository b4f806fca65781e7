"""The free page, and the reflective cycles that training courses teach."""

from supervision.domain.reflections.around import AROUND, question
from supervision.domain.reflections.parts import MAIN, Kind, Look, Prompt, Section, Template
from supervision.errors import N_

FREE = Template(
    "free",
    2,
    N_("Free page"),
    N_("One quiet page. Write as it comes."),
    (
        Section(
            "page",
            "",
            "",
            (
                Prompt(
                    MAIN,
                    Kind.TEXT,
                    N_("Reflection"),
                    N_("Nobody reads this but you. Half sentences are welcome."),
                    rows=12,
                ),
            ),
        ),
        AROUND,
    ),
)

GIBBS = Template(
    "gibbs",
    1,
    N_("Gibbs cycle"),
    N_("Six steps from what happened to next time."),
    (
        question(MAIN, N_("What happened?"), N_("Plainly, as a camera would have seen it."), 5),
        question("feelings", N_("What did I think and feel?")),
        question("good_and_bad", N_("What was good about it, and what was hard?")),
        question("explains", N_("What explains it?")),
        question("conclusion", N_("What else could I have done?")),
        question("next_time", N_("What will I do next time?")),
        AROUND,
    ),
)

KOLB = Template(
    "kolb",
    1,
    N_("Kolb cycle"),
    N_("From an experience to something to try."),
    (
        question(MAIN, N_("The experience"), N_("What did I do, and what happened?"), 5),
        question("observation", N_("Looking back"), N_("What do I notice now?")),
        question("concept", N_("The idea"), N_("What does it tell me about how this works?")),
        question("experiment", N_("The experiment"), N_("What will I try, and how will I know?")),
        AROUND,
    ),
)

DRISCOLL = Template(
    "driscoll",
    1,
    N_("What, so what, now what"),
    N_("Driscoll's three questions, for a short evening."),
    (
        question(MAIN, N_("What?"), N_("What happened?")),
        question("so_what", N_("So what?"), N_("What does it mean, for them and for me?")),
        question("now_what", N_("Now what?"), N_("What follows from it?")),
        AROUND,
    ),
)

SCHOEN = Template(
    "schoen",
    1,
    N_("Surprise and reframe"),
    N_("After Schön: what surprised you, and what you now see in it."),
    (
        question(MAIN, N_("The surprise"), N_("What did not go as I expected?")),
        question("in_action", N_("In the moment"), N_("What did I think and do while it went on?")),
        question("on_action", N_("Afterwards"), N_("What do I make of it now?")),
        question("reframe", N_("Another way to see it"), N_("If I had it wrong, what was it?")),
        question("repertoire", N_("What I keep"), N_("What joins the things that I can do?")),
        AROUND,
    ),
)

SPSR = Template(
    "spsr",
    1,
    N_("Self-practice"),
    N_("An exercise tried on yourself, and what it taught you (SP/SR)."),
    (
        Section(
            "safety",
            N_("Before you begin"),
            N_(
                "Choose something that stirs you, not what overwhelms you. If it becomes too much: "
                "pause and let your breath slow down; take a lighter task, or leave it for "
                "today; speak with the person whom you name here."
            ),
            (Prompt("contact", Kind.LINE, N_("Whom I would call")),),
            look=Look.STOP,
        ),
        Section(
            "practice",
            N_("The practice"),
            "",
            (
                Prompt("issue", Kind.TEXT, N_("What I chose to work on"), rows=2),
                Prompt("exercise", Kind.TEXT, N_("The exercise that I did"), rows=2),
                Prompt("before", Kind.SCALE, N_("Distress before"), N_("0 is none, 10 the most.")),
                Prompt("after", Kind.SCALE, N_("Distress after"), N_("0 is none, 10 the most.")),
            ),
        ),
        Section(
            "looking",
            N_("Looking at it"),
            "",
            (
                Prompt(MAIN, Kind.TEXT, N_("The experience"), N_("What was it like?"), rows=5),
                Prompt("self", Kind.TEXT, N_("Myself"), N_("What does it tell me about me?")),
                Prompt("model", Kind.TEXT, N_("The model"), N_("What do I understand better?")),
                Prompt("my_practice", Kind.TEXT, N_("My clients"), N_("What will I do otherwise?")),
                Prompt(
                    "for_group",
                    Kind.TEXT,
                    N_("A passage for the group"),
                    N_("What you would read aloud. It stays private until you share it."),
                ),
            ),
        ),
        AROUND,
    ),
)

"""The templates of compassion focused therapy."""

from supervision.domain.reflections.around import (
    ACTION,
    ACTION_ON,
    AROUND,
    CODE,
    ELSEWHERE,
    SUPERVISION,
    TAGS,
)
from supervision.domain.reflections.parts import MAIN, Kind, Look, Prompt, Section, Template
from supervision.errors import N_

_NAMES = {"threat": N_("Threat"), "drive": N_("Drive"), "soothing": N_("Soothing")}
_WHOSE = {"client": N_("the client"), "me": N_("me"), "room": N_("the room")}

SYSTEMS = Section(
    "systems",
    N_("The three systems"),
    N_("How strong was each, from 0 to 10? A guess is enough; an empty box is fine."),
    (
        *(
            Prompt(f"{system}_{who}", Kind.SCALE, name, whose)
            for system, name in _NAMES.items()
            for who, whose in _WHOSE.items()
        ),
        Prompt("systems", Kind.TEXT, N_("What do I notice when I see them side by side?")),
    ),
    look=Look.SYSTEMS,
)
ARRIVE = Section(
    "arrive",
    N_("Arrive"),
    N_(
        "Feet on the ground. Breathe in a slow, even rhythm, a little longer out than in, "
        "until the breath finds its own pace. There is no hurry."
    ),
    (
        Prompt(
            "settled",
            Kind.SCALE,
            N_("How settled am I?"),
            N_("0 is not at all, 10 is deeply settled."),
        ),
        CODE,
        ELSEWHERE,
    ),
)
COMPASSIONATE_SELF = Section(
    "compassionate_self",
    N_("The compassionate self"),
    N_("Let your face soften. Look at the moment from the part of you that is at its best."),
    (
        Prompt("wisdom", Kind.TEXT, N_("Wisdom: what does it understand?"), rows=2),
        Prompt("strength", Kind.TEXT, N_("Strength: what can it bear?"), rows=2),
        Prompt("commitment", Kind.TEXT, N_("Commitment: what will it stay with?"), rows=2),
        Prompt(
            "inner_supervisor",
            Kind.TEXT,
            N_("What would a compassionate inner supervisor want for me?"),
        ),
    ),
)

CFT = Template(
    "cft",
    2,
    N_("Compassion focused"),
    N_("From settling, through the three systems, to one helpful step. Leave out what you like."),
    (
        ARRIVE,
        Section(
            "moment",
            N_("The moment"),
            "",
            (
                Prompt(
                    MAIN,
                    Kind.TEXT,
                    N_("Reflection"),
                    N_("The moment, in coded sentences: what happened, and where it caught you."),
                    rows=7,
                ),
            ),
        ),
        SYSTEMS,
        Section(
            "responsibility",
            N_("Not my fault, my responsibility"),
            N_("Nobody chose their tricky brain or where they learned to be afraid."),
            (
                Prompt("fault", Kind.TEXT, N_("What here was nobody's choosing?")),
                Prompt("responsibility", Kind.TEXT, N_("What is mine to take care of now?")),
            ),
        ),
        Section(
            "fears",
            N_("Fears, blocks and resistances"),
            N_("What stood in the way of compassion, in each of its three directions?"),
            (
                Prompt("to_others", Kind.TEXT, N_("From me to others"), rows=2),
                Prompt("from_others", Kind.TEXT, N_("From others to me"), rows=2),
                Prompt("to_self", Kind.TEXT, N_("From me to myself"), rows=2),
            ),
        ),
        COMPASSIONATE_SELF,
        Section(
            "act",
            N_("Engage, then act"),
            "",
            (
                Prompt(
                    ACTION.key,
                    Kind.LINE,
                    N_("One helpful, not harmful step"),
                    N_("Small enough to do even on a bad day."),
                ),
                ACTION_ON,
                Prompt("practice", Kind.LINE, N_("This week's own practice")),
                SUPERVISION,
                TAGS,
            ),
        ),
    ),
)

FORMULATION = Template(
    "formulation",
    1,
    N_("Threat-focused formulation"),
    N_("A worksheet: from what was lived through to what protects, and what that costs."),
    (
        Section(
            "worksheet",
            N_("The worksheet"),
            N_("Read it from the first box to the last, or begin where you know most."),
            (
                Prompt("early", Kind.TEXT, N_("Early experiences and memories"), rows=6),
                Prompt("fears_outside", Kind.TEXT, N_("Key fears: from others"), rows=4),
                Prompt("fears_inside", Kind.TEXT, N_("Key fears: from within"), rows=4),
                Prompt("safety_outside", Kind.TEXT, N_("Safety strategies: with others"), rows=4),
                Prompt("safety_inside", Kind.TEXT, N_("Safety strategies: with oneself"), rows=4),
                Prompt("costs", Kind.TEXT, N_("Unintended consequences"), rows=4),
                Prompt("critic", Kind.TEXT, N_("What self-criticism says about them"), rows=4),
            ),
            look=Look.WORKSHEET,
        ),
        Section(
            "view",
            N_("The compassionate view"),
            N_("How does it all make sense, and what would help?"),
            (Prompt(MAIN, Kind.TEXT, N_("The view from kindness and wisdom"), rows=6),),
        ),
        AROUND,
    ),
)

THOUGHTS = Template(
    "thoughts",
    1,
    N_("Thought record"),
    N_("A hard thought, met with a kinder one."),
    (
        Section(
            "hard",
            N_("The hard thought"),
            "",
            (
                Prompt(MAIN, Kind.TEXT, N_("The situation")),
                Prompt("thought", Kind.TEXT, N_("The thought, in its own words"), rows=2),
                Prompt("feeling", Kind.LINE, N_("The feeling")),
                Prompt("feeling_before", Kind.SCALE, N_("How strong?")),
                Prompt("supports", Kind.TEXT, N_("What speaks for it?")),
            ),
        ),
        Section(
            "kind",
            N_("A kinder thought"),
            N_("Say it slowly, in the tone in which you would speak to a friend."),
            (
                Prompt("alternative", Kind.TEXT, N_("A compassionate alternative")),
                Prompt("feeling_after", Kind.SCALE, N_("How strong is the feeling now?")),
            ),
        ),
        AROUND,
    ),
)

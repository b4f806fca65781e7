"""What every template asks besides: the client's code, the next step, what to take where."""

from supervision.domain.reflections.parts import Kind, Prompt, Section
from supervision.errors import N_

CODE = Prompt(
    "client_code",
    Kind.LINE,
    N_("Client code"),
    N_("A code that only you can read, never a name or initials."),
)
ELSEWHERE = Prompt("elsewhere", Kind.TICK, N_("Facts and risk actions are recorded elsewhere"))
ACTION = Prompt("action", Kind.LINE, N_("One action"))
ACTION_ON = Prompt("action_on", Kind.DATE, N_("By when"))
SUPERVISION = Prompt("supervision", Kind.TICK, N_("Take this to supervision"))
TAGS = Prompt("tags", Kind.LINE, N_("Tags"), N_("Words of your own, with commas between them."))

AROUND = Section(
    "around",
    N_("Client code, next step and tags"),
    "",
    (CODE, ELSEWHERE, ACTION, ACTION_ON, SUPERVISION, TAGS),
    folded=True,
)


def question(key: str, label: str, hint: str = "", rows: int = 4) -> Section:
    """A section of one text, under no heading but its label."""
    return Section(key, "", "", (Prompt(key, Kind.TEXT, label, hint, rows),))

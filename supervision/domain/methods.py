"""Methods by which peers and groups work on cases: phases as data, and the steps of one meeting.

The structures are those that practice uses (six phases of a peer meeting; the incident method;
plain rounds of 30 to 45 minutes a case); the words are ours. A method's texts are msgids.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from supervision.errors import N_


@dataclass(frozen=True)
class Phase:
    """One part of a meeting. `of_case`: it comes once for each presenter."""

    name: str
    hint: str
    minutes: int
    of_case: bool = True


@dataclass(frozen=True)
class Method:
    """Phases in order: those of the opening, of each case, of the close."""

    key: str
    name: str
    hint: str
    phases: tuple[Phase, ...]

    @property
    def case_minutes(self) -> int:
        return sum(phase.minutes for phase in self.phases if phase.of_case)

    @property
    def frame_minutes(self) -> int:
        """What opening and close take, however many cases there are."""
        return sum(phase.minutes for phase in self.phases if not phase.of_case)


@dataclass(frozen=True)
class Step:
    """A phase as it comes in a meeting; `case` counts the presenters from 0, None for all."""

    phase: Phase
    case: int | None
    seconds: int


def _around(*phases: Phase) -> tuple[Phase, ...]:
    """A short arriving before the cases and a short look back after them."""
    return (
        Phase(N_("Arriving"), N_("Say briefly how you are, and what you need today."), 5, False),
        *phases,
        Phase(N_("Looking back"), N_("What was helpful? Say one thing each."), 5, False),
    )


METHODS = (
    Method(
        "peer",
        N_("Peer consultation in six phases"),
        N_("The group chooses how to help. Roles change with every case."),
        _around(
            Phase(N_("Roles"), N_("Who moderates, who presents, who keeps notes?"), 3),
            Phase(
                N_("The case"), N_("The presenter tells. The others listen, without asking."), 10
            ),
            Phase(N_("Key question"), N_("What does the presenter want from the group?"), 5),
            Phase(N_("Way of working"), N_("Choose together how to think about it."), 3),
            Phase(N_("Ideas"), N_("The group thinks aloud. The presenter listens."), 14),
            Phase(N_("Résumé"), N_("The presenter says what they take along."), 5),
        ),
    ),
    Method(
        "incident",
        N_("Incident method"),
        N_("One incident, about 65 minutes: first facts, then thoughts, then advice."),
        (
            Phase(N_("Last advice"), N_("What became of the advice of last time?"), 5, False),
            Phase(N_("Offers"), N_("Who offers an incident? One sentence each."), 5, False),
            Phase(N_("Choice"), N_("Agree on the incident to work on."), 3, False),
            Phase(N_("Facts"), N_("Ask for facts only. No advice is hidden in a question."), 15),
            Phase(N_("Discussion"), N_("Discuss among yourselves. The presenter listens."), 17),
            Phase(N_("Advice"), N_("One piece of advice each. The presenter does not reply."), 10),
            Phase(N_("Evaluation"), N_("How was it for the presenter, and for you?"), 10, False),
        ),
    ),
    Method(
        "rounds",
        N_("Case rounds"),
        N_("Plain rounds of about 35 minutes a case."),
        _around(
            Phase(N_("The case"), N_("The presenter tells, and says what they want."), 10),
            Phase(N_("Questions"), N_("Ask what you need in order to understand."), 8),
            Phase(N_("Thoughts"), N_("One after the other, what comes to mind."), 12),
            Phase(N_("Résumé"), N_("The presenter says what they take along."), 5),
        ),
    ),
    Method(
        "cft",
        N_("Compassion focused round"),
        N_("Begins with soothing rhythm breathing and looks for the three systems in the room."),
        (
            Phase(
                N_("Soothing rhythm breathing"),
                N_(
                    "Sit upright, soften the face, let the breath become slow. Nobody has to speak."
                ),
                5,
                False,
            ),
            Phase(N_("The case"), N_("The presenter tells, in codes and at a slow pace."), 10),
            Phase(
                N_("Three systems"),
                N_("Threat, drive, soothing: what moves the client, the presenter, this group?"),
                10,
            ),
            Phase(
                N_("The compassionate mind"),
                N_("What would wisdom, strength and commitment want for them, and for you?"),
                12,
            ),
            Phase(N_("One helpful step"), N_("The presenter names a small step to take."), 5),
            Phase(N_("Breathing out"), N_("A quiet minute, and a kind word each."), 4, False),
        ),
    ),
)
BY_KEY = {method.key: method for method in METHODS}
USUAL = METHODS[0]


def steps(method: Method, cases: Sequence[int | None]) -> list[Step]:
    """The steps of a meeting with these cases: minutes each has been given, None for the usual.

    A case's phases shrink or stretch alike; what rounding leaves falls to the last of them.
    """
    first = next(at for at, phase in enumerate(method.phases) if phase.of_case)
    of_case = [phase for phase in method.phases if phase.of_case]
    made = [Step(phase, None, phase.minutes * 60) for phase in method.phases[:first]]
    for case, minutes in enumerate(cases):
        total = 60 * (minutes or method.case_minutes)
        spans = [total * phase.minutes // method.case_minutes for phase in of_case]
        spans[-1] += total - sum(spans)
        made += [Step(phase, case, span) for phase, span in zip(of_case, spans, strict=True)]
    rest = method.phases[first + len(of_case) :]
    return made + [Step(phase, None, phase.minutes * 60) for phase in rest]

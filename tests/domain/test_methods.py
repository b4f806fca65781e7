"""Methods: their structure, and the steps that they make of a meeting."""

from supervision.domain.methods import BY_KEY, METHODS, steps


def names(key, *cases):
    return [step.phase.name for step in steps(BY_KEY[key], cases)]


def test_a_peer_meeting_has_six_phases_for_each_case() -> None:
    of_case = [phase.name for phase in BY_KEY["peer"].phases if phase.of_case]
    assert of_case == ["Roles", "The case", "Key question", "Way of working", "Ideas", "Résumé"]
    assert names("peer", None, None) == ["Arriving", *of_case, *of_case, "Looking back"]


def test_the_incident_method_takes_65_minutes_and_a_round_30_to_45() -> None:
    assert sum(step.seconds for step in steps(BY_KEY["incident"], [None])) == 65 * 60
    assert 30 <= BY_KEY["rounds"].case_minutes <= 45


def test_a_compassion_focused_round_begins_with_breathing() -> None:
    assert names("cft", None)[0] == "Soothing rhythm breathing"


def test_minutes_of_a_case_stretch_its_phases_and_lose_no_second() -> None:
    made = steps(BY_KEY["rounds"], [70, 11])
    first, second = ([s.seconds for s in made if s.case == case] for case in (0, 1))
    assert first == [1200, 960, 1440, 600]
    assert (sum(second), second[:3]) == (660, [188, 150, 226])


def test_every_method_is_in_one_piece() -> None:
    """The phases of a case stand together, and a meeting without a case is only its frame."""
    for method in METHODS:
        flags = "".join("c" if phase.of_case else "-" for phase in method.phases)
        assert "c" in flags.strip("-")
        assert "-" not in flags.strip("-")
        assert sum(step.seconds for step in steps(method, [])) == method.frame_minutes * 60

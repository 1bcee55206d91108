"""The rule of convergence, by its numbers."""

import pytest

from winnow.training.convergence import Gain, convergence


def gain(model: int, before: float, after: float) -> Gain:
    return Gain(model, before, after, recall=0.8, boxes=100)


@pytest.mark.parametrize(
    ("gains", "is_converged"),
    [
        ([gain(2, 0.400, 0.405), gain(3, 0.405, 0.414)], True),
        ([gain(2, 0.400, 0.405), gain(3, 0.405, 0.416)], False),
        ([gain(2, 0.400, 0.412), gain(3, 0.412, 0.413)], False),
        ([gain(2, 0.400, 0.500), gain(3, 0.500, 0.490), gain(4, 0.490, 0.480)], True),
        ([gain(2, 0.400, 0.400)], False),
        ([], False),
    ],
)
def test_converged_when_each_of_the_last_two_gained_less_than_a_hundredth(
    gains: list[Gain], is_converged: bool
) -> None:
    assert convergence(gains).is_converged is is_converged


def test_the_numbers_are_said() -> None:
    found = convergence([gain(2, 0.4, 0.405), gain(3, 0.405, 0.402)])
    assert found.text == (
        "Converged: version 2 gained +0.005, version 3 gained -0.003. By its 100 boxes alone the hold-out's recall is "
        "uncertain by ±0.040. More of the same will hardly help: look for classes with few boxes, or try a larger "
        "model."
    )
    assert found.rule.startswith("Converged when each of the last 2 iterations gained less than 0.01 mAP50-95")


def test_too_few_iterations_say_how_many_are_missing() -> None:
    assert "one more iteration" in convergence([gain(2, 0.4, 0.4)]).text
    assert "2 iterations" in convergence([]).text


def test_a_hold_out_without_boxes_tells_nothing() -> None:
    assert Gain(2, 0.1, 0.2, recall=0.0, boxes=0).standard_error == 1.0

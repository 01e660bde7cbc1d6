"""Rates of each schedule, computed by hand."""

import pytest

from trainer.schedule import ConstantSchedule, CosineSchedule, StepSchedule, learning_rate


def test_the_cosine_warms_up_and_falls_to_its_floor() -> None:
    assert learning_rate(0, 1000, 1.0) == pytest.approx(1 / 200)
    assert learning_rate(199, 1000, 1.0) == 1.0
    assert learning_rate(600, 1000, 1.0) == pytest.approx(0.505)
    assert learning_rate(999, 1000, 1.0) == pytest.approx(0.01, abs=1e-4)
    schedule = CosineSchedule(warm_up=0, floor=0.5)
    assert learning_rate(0, 10, 2.0, schedule) == 2.0
    assert learning_rate(5, 10, 2.0, schedule) == pytest.approx(1.5)


def test_steps_multiply_at_each_milestone() -> None:
    """210 epochs, a tenth at 170 and at 200, as paper A trains."""
    schedule = StepSchedule(milestones=(170 / 210, 200 / 210), warm_up=2)
    rates = [learning_rate(step, 210, 1e-5, schedule) for step in (0, 2, 169, 170, 199, 200, 209)]
    assert rates == pytest.approx([5e-6, 1e-5, 1e-5, 1e-6, 1e-6, 1e-7, 1e-7])


def test_a_constant_rate_is_constant() -> None:
    assert {learning_rate(step, 10, 0.5, ConstantSchedule()) for step in range(10)} == {0.5}

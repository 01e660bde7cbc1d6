"""What teachers agree on."""

import numpy as np
import pytest

from trainer.evaluate.wild.poses import TINYPOSE_FLIP
from trainer.evaluate.wild.survey import _teacher_posed


def test_only_joints_that_the_teacher_is_sure_of_are_agreed_on() -> None:
    found = np.zeros((17, 3), np.float32)
    found[[5, 11], 1] = (10, 60)  # left shoulder and hip
    found[[5, 11, 13], 2] = (0.6, 0.7, 0.4)
    person = _teacher_posed(np.zeros(4, np.float32), {TINYPOSE_FLIP: found})
    assert np.flatnonzero(person.joints[:, 2]).tolist() == [5, 11]
    assert person.torso == pytest.approx(50)
    found[11, 2] = 0.1  # without a sure torso nobody knows what is near
    assert not _teacher_posed(np.zeros(4, np.float32), {TINYPOSE_FLIP: found}).joints[:, 2].any()

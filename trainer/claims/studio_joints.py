"""Joints of rendered people in the order of MPII, as claims need them."""

import numpy as np

from edgeact.skeleton import BODY_21, MPII_16
from trainer.data.studio.scene import StudioPerson
from trainer.inputs.batch import MISSING

_MPII = [BODY_21.index(name) for name in MPII_16.joints]


def mpii_joints(person: StudioPerson, side: int) -> np.ndarray:
    """Return a person's joints ``(16, 2)`` float32 in pixels, −1 outside the picture; those behind something are known
    all the same.

    Args:
        person: As rendered.
        side: Of the square picture, in pixels.
    """
    joints = person.joints[_MPII, :2]
    inside = ((joints >= 0) & (joints <= side - 1)).all(-1)
    return np.where(inside[:, None], joints, MISSING).astype(np.float32)

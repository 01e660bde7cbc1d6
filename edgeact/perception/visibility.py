"""Whether enough of a person is visible to judge an action: nobody is said to walk whose legs are not seen.

A limb is visible while its joints are sure and inside the picture; of a leg hip and knee are enough, since feet are cut
off by many pictures that still show how somebody walks. An action needs the limbs that it is done with, one side of
them: people who stand sideways hide the other.
"""

from functools import lru_cache

import numpy as np
import numpy.typing as npt

from edgeact.skeleton import Skeleton
from edgeact.types import Float32

_LIMBS = {"arm": ("shoulder", "elbow", "wrist"), "leg": ("hip", "knee")}
_LEG, _ARM, _BOTH = ("leg",), ("arm",), ("arm", "leg")
# What an action cannot be told without. Of labels that are not named here, any limb is enough.
_NEEDED = {
    "walk": _LEG, "run": _LEG, "jump": _LEG, "kick": _LEG, "squat": _LEG, "jump_rope": _LEG, "situp": _LEG,
    "jumping_jacks": _BOTH, "clean_and_jerk": _BOTH, "bowl": _BOTH,
    "baseball_pitch": _ARM, "baseball_swing": _ARM, "bench_press": _ARM, "golf_swing": _ARM, "pullup": _ARM,
    "pushup": _ARM, "strum_guitar": _ARM, "tennis_forehand": _ARM, "tennis_serve": _ARM,
    "handshake": _ARM, "hug": _ARM, "point": _ARM, "punch": _ARM, "push": _ARM, "wave": _ARM, "clap": _ARM,
}  # fmt: skip
VISIBLE_SHARE = 0.5  # of the moments in which a limb must be visible


def visible_limbs(
    features: Float32, *, skeleton: Skeleton, threshold: float, width: int, height: int
) -> dict[str, bool]:
    """Whether an arm and a leg are visible in enough of the moments of a clip.

    Args:
        features: ``(T, J, 3)`` x, y in frame pixels, confidence; without the moments that the track was not known in.
        skeleton: What it follows.
        threshold: Least confidence of a visible joint.
        width: Of the frame in pixels.
        height: Of the frame in pixels.

    Returns:
        ``{"arm": …, "leg": …}``; True for a limb that the skeleton does not have, which nothing can be said of.
    """
    x, y = features[..., 0], features[..., 1]
    inside = (x >= 0) & (y >= 0) & (x <= width - 1) & (y <= height - 1)
    visible = inside & (features[..., 2] >= threshold)
    return {
        limb: not sides or any(bool(visible[:, list(side)].all(1).mean() >= VISIBLE_SHARE) for side in sides)
        for limb, sides in _limb_joints(skeleton).items()
    }


def possible_actions(labels: tuple[str, ...], limbs: dict[str, bool]) -> npt.NDArray[np.bool_]:
    """Which of the labels ``(A,)`` can be judged by the limbs that are visible."""
    return np.array([all(limbs[limb] for limb in _NEEDED[label]) if label in _NEEDED else True for label in labels])


@lru_cache(maxsize=8)
def _limb_joints(skeleton: Skeleton) -> dict[str, tuple[tuple[int, ...], ...]]:
    """For each limb the joints of its left and its right one, as far as the skeleton has them."""
    names = {
        limb: [tuple(f"{side}_{joint}" for joint in joints) for side in ("left", "right")]
        for limb, joints in _LIMBS.items()
    }
    return {
        limb: tuple(tuple(skeleton.index(name) for name in side) for side in sides if set(side) <= set(skeleton.joints))
        for limb, sides in names.items()
    }

"""Who can be judged by what is visible of them."""

import numpy as np
import pytest

from edgeact.perception.visibility import possible_actions, visible_limbs
from edgeact.skeleton import BODY_21
from edgeact.types import Float32

LABELS = ("walk", "wave", "jumping_jacks", "juggle", "other")


def clip(*unsure: str, moments: int = 10) -> Float32:
    """A person in the middle of a picture of 100 pixels, some of whose joints are not seen."""
    features = np.full((moments, 21, 3), 50, np.float32)
    features[..., 2] = 0.9
    for name in unsure:
        features[:, [BODY_21.index(joint) for joint in BODY_21.joints if joint.endswith(name)], 2] = 0.1
    return features


def limbs(features: Float32) -> dict[str, bool]:
    return visible_limbs(features, skeleton=BODY_21, threshold=0.3, width=100, height=100)


def test_a_limb_counts_by_all_of_its_joints_on_one_side() -> None:
    assert limbs(clip()) == {"arm": True, "leg": True}
    assert limbs(clip("knee")) == {"arm": True, "leg": False}
    assert limbs(clip("elbow", "hip")) == {"arm": False, "leg": False}
    assert limbs(clip("left_wrist", "left_knee")) == {"arm": True, "leg": True}
    assert limbs(clip("left_wrist", "right_elbow"))["arm"] is False


@pytest.mark.parametrize(("moments", "seen"), [(4, False), (5, True)])
def test_it_counts_when_seen_in_half_of_the_moments(moments: int, seen: bool) -> None:
    features = np.concatenate([clip(moments=moments), clip("knee", moments=10 - moments)])
    assert limbs(features)["leg"] is seen


def test_what_is_below_the_picture_is_not_seen() -> None:
    features = clip()
    features[:, [BODY_21.index("left_knee"), BODY_21.index("right_knee")], 1] = 120
    assert limbs(features) == {"arm": True, "leg": False}


def test_an_action_needs_the_limbs_that_it_is_done_with() -> None:
    assert possible_actions(LABELS, {"arm": True, "leg": False}).tolist() == [False, True, False, True, True]
    assert possible_actions(LABELS, {"arm": False, "leg": True}).tolist() == [True, False, False, True, True]
    assert possible_actions(LABELS, {"arm": True, "leg": True}).all()

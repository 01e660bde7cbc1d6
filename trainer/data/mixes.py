"""Default sampling weights of the data sets, one table for each training of the bundles that ship.

Weights are relative: they are normalised over the sets that are present.
"""

from collections.abc import Mapping, Sequence

import numpy as np

Mix = Mapping[str, float]

# No set weighs more than its variety. The everyday photos carry it; sport photos show the rare poses; frames of one
# clip repeat themselves.
POSE_MIX: Mix = {
    "stanford40": 0.32,
    "lspet": 0.18,
    "vn_everyday": 0.13,
    "gym_stills": 0.08,
    "street_people": 0.08,
    "stock_upright": 0.07,
    "surveillance_fights": 0.06,
    "ut_interaction": 0.05,
    "coco_more": 0.03,
}
# Backgrounds show nobody, photos of animals and scenes of ADE20K few people: there the network keeps what it knew of
# who is nobody.
DETECTOR_MIX: Mix = {
    "stanford40": 0.36,
    "lspet": 0.10,
    "gym_stills": 0.12,
    "vn_everyday": 0.12,
    "street_people": 0.05,
    "stock_upright": 0.03,
    "coco_more": 0.02,
    "backgrounds": 0.03,
    "animals": 0.10,
    "ade20k": 0.07,
}
# Penn Action is the largest clean set; the rest keeps "other" broad.
ACTION_MIX: Mix = {
    "penn_action": 0.43,
    "jhmdb": 0.12,
    "studio": 0.18,
    "ut_interaction": 0.14,
    "surveillance_fights": 0.06,
    "utkinect": 0.05,
    "utd_mhad": 0.05,
    "msr_action3d": 0.03,
    "still_people": 0.05,
}
# The studio has the cleanest joints, teacher poses the most everyday postures.
LIFTER_MIX: Mix = {"studio": 0.5, "utd_mhad": 0.17, "utkinect": 0.08, "teacher": 0.25}


def probabilities(mix: Mix, names: Sequence[str]) -> np.ndarray:
    """Return the sampling probability of each data set: (N,) float64, sums to 1.

    Args:
        mix: Sampling weights; it names at least these sets.
        names: The N sets that are present, in the order of the result.
    """
    shares = np.array([mix[name] for name in names], np.float64)
    return shares / shares.sum()

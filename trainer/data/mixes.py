"""How often each data set is drawn in the trainings of the bundles that ship.

The shares stand in the recipes (``[pose.mix]`` and the like); here is which sets there are. Shares are relative: they
are normalised over the sets that are present.
"""

from collections.abc import Mapping, Sequence

import numpy as np

Mix = Mapping[str, float]

# In the order in which they are drawn from, whatever their order in a recipe.
POSE_SOURCES = (
    "stanford40",
    "lspet",
    "vn_everyday",
    "gym_stills",
    "street_people",
    "stock_upright",
    "surveillance_fights",
    "ut_interaction",
    "coco_more",
)
DETECTOR_SOURCES = (
    "stanford40",
    "lspet",
    "gym_stills",
    "vn_everyday",
    "street_people",
    "stock_upright",
    "coco_more",
    "backgrounds",
    "panoramas",
    "textures",
    "animals",
    "ade20k",
)
ACTION_SOURCES = (
    "penn_action",
    "jhmdb",
    "studio",
    "ut_interaction",
    "surveillance_fights",
    "utkinect",
    "utd_mhad",
    "msr_action3d",
    "still_people",
    "studio_tracks",  # rendered clips as the runtime sees them (`trainer.precomputed.studio_tracks`)
    "studio_others",  # motions of kinds that some recordings keep for testing (`trainer.data.action_sequences`)
)
LIFTER_SOURCES = ("studio", "utd_mhad", "utkinect", "teacher")


def probabilities(mix: Mix, names: Sequence[str]) -> np.ndarray:
    """Return the sampling probability of each data set: (N,) float64, sums to 1.

    Args:
        mix: Sampling weights; it names at least these sets.
        names: The N sets that are present, in the order of the result.
    """
    shares = np.array([mix[name] for name in names], np.float64)
    return shares / shares.sum()

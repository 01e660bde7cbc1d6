"""The linear floor of actions from poses: what a ridge regression makes of raw joints.

A network has to be better than that on the same split, or it has learnt nothing that joints do not say by themselves.
"""

import torch

from trainer.claims.action_from_poses import evenly_drawn, facing
from trainer.data.pose_action_sets import PoseActionSet

_DECAY = 1.0  # of the ridge; nothing is chosen


def pose_floor(chosen: PoseActionSet) -> float:
    """Fit a ridge regression to the sequences that train, and return the share of the others that it calls right.

    It is given what the network is given: 32 frames of the whole sequence, bodies in 3D turned until their hips lie
    across. Joints are relative to their mean over the clip, in units of the farthest of them.

    Args:
        chosen: A set on one of its splits.
    """
    from sklearn.linear_model import RidgeClassifier

    clips = facing(torch.stack([evenly_drawn(torch.from_numpy(one)) for one in chosen.sequences]), chosen.hips)
    places, seen = clips[..., :-1], clips[..., -1:]
    places = places - places.mean((1, 2), keepdim=True)
    places = places / places.abs().amax((1, 2, 3), keepdim=True).clamp_min(torch.finfo(places.dtype).tiny)
    joints = torch.cat([places, seen], -1).flatten(1).numpy()
    model = RidgeClassifier(alpha=_DECAY).fit(joints[chosen.training], chosen.labels[chosen.training])
    return float(model.score(joints[chosen.measured], chosen.labels[chosen.measured]))

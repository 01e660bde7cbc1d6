"""Batches hold what a camera would see, and the joints that it was seen of."""

import numpy as np
import torch

from edgeact.skeleton import BODY_21, LIMB_JOINTS
from tests.trainer.data.lifting.walkers import exact_bank, walker
from trainer.data.lifting.motions import join_clips
from trainer.data.lifting.views import USUAL, LiftingViews
from trainer.inputs.lifter_clip import CLIP_LENGTH

PELVIS = BODY_21.index("pelvis")


def views() -> LiftingViews:
    return LiftingViews(join_clips([walker(), walker(pace=2.0)], {"studio": 1.0}), exact_bank())


def test_the_same_seed_gives_the_same_batch() -> None:
    first, again, other = (
        views().draw(8, 1, USUAL),
        views().draw(8, 1, USUAL),
        views().draw(8, 2, USUAL),
    )
    assert torch.equal(first.poses, again.poses)
    assert torch.equal(first.joints, again.joints)
    assert not torch.equal(first.poses, other.poses)
    assert first.poses.shape == (8, CLIP_LENGTH, 21, 3)


def test_joints_lie_where_the_camera_sees_them() -> None:
    """From afar, what is to the right and below in metres is so in the picture: x right, y down."""
    batch = views().draw(400, 3, None, noise=False)
    assert torch.equal(batch.joints[:, PELVIS], torch.zeros(400, 3))
    seen = batch.poses[:, -1, :, :2] - batch.poses[:, -1, [PELVIS], :2]
    for axis in (0, 1):
        pairs = torch.stack([seen[..., axis].flatten(), batch.joints[..., axis].flatten()])
        assert float(torch.corrcoef(pairs)[0, 1]) > 0.8
    up = batch.joints[:, PELVIS, 1] - batch.joints[:, BODY_21.index("thorax"), 1]
    assert float((up > 0).float().mean()) > 0.99


def test_what_is_nearer_looks_larger() -> None:
    """Z grows away from the camera: of two shoulders at one height, the nearer one's arm looks longer."""
    batch = views().draw(600, 4, None, noise=False)
    left, right = (BODY_21.index(f"{side}_shoulder") for side in ("left", "right"))
    far = batch.joints[:, left, 2] > batch.joints[:, right, 2] + 0.1
    arms = [
        (
            batch.poses[:, -1, BODY_21.index(f"{s}_elbow"), :2] - batch.poses[:, -1, BODY_21.index(f"{s}_shoulder"), :2]
        ).norm(dim=-1)
        / (batch.joints[:, BODY_21.index(f"{s}_elbow"), :2] - batch.joints[:, BODY_21.index(f"{s}_shoulder"), :2]).norm(
            dim=-1
        )
        for s in ("left", "right")
    ]
    assert float((arms[0] < arms[1])[far].float().mean()) > 0.7


def test_errors_and_gaps_change_what_is_seen_and_not_what_is_wanted() -> None:
    clean, noisy = views().draw(200, 5, USUAL, noise=False), views().draw(200, 5, USUAL)
    assert torch.equal(clean.joints, noisy.joints)
    confidence = noisy.poses[..., 2]
    assert 0.02 < float((confidence == 0).float().mean()) < 0.4  # faces and spines that sets lack
    assert bool(((confidence > 0) & (confidence < 0.3)).any())  # hidden joints
    assert float((confidence[..., list(LIMB_JOINTS)] > 0.5).float().mean()) > 0.8


def test_unknown_joints_are_neither_seen_nor_wanted() -> None:
    clip = walker(source="utd_mhad")
    clip.known[:5] = False
    batch = LiftingViews(join_clips([clip], {"utd_mhad": 1.0}), exact_bank()).draw(16, 6, USUAL)
    assert not batch.known[:, :5].any()
    assert np.all(batch.poses[..., :5, 2].numpy() == 0)

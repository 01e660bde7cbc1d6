"""Clips of every set are laid end to end, in metres, with hips where hips are."""

from pathlib import Path

import numpy as np
import pytest

from edgeact.skeleton import BODY_21
from tests.trainer.data.lifting.walkers import walker
from trainer.data.lifting.motions import PELVIS, THORAX, join_clips, studio, teacher_poses, utd_mhad, utkinect


def test_sources_are_drawn_by_their_shares_and_every_frame_is_there() -> None:
    long, short, kinect = walker(frames=90), walker(frames=10), walker(frames=50, source="utd_mhad")
    motions = join_clips([long, short, kinect], {"studio": 0.6, "utd_mhad": 0.2, "utkinect": 0.2})
    assert motions.share.sum() == pytest.approx(1.0)
    assert motions.share[2] == pytest.approx(0.25)
    assert motions.share[0] == pytest.approx(9 * motions.share[1])
    assert motions.first.tolist() == [0, 90, 100]
    assert np.array_equal(motions.joints[100:], kinect.joints)


def test_no_clips_are_an_error() -> None:
    with pytest.raises(ValueError, match="no clips"):
        join_clips([], {"studio": 1.0})


def test_teacher_poses_have_a_torso_and_no_neck(tmp_path: Path) -> None:
    poses = np.random.default_rng(0).normal(0, 0.3, (3, 17, 3)).astype(np.float32)
    seen = np.ones((3, 17), bool)
    seen[0, 9] = False
    np.savez(tmp_path / "poses.npz", name=np.array(["lspet/a", "lspet/b", "gym/c"]), joints=poses, seen=seen)
    first, *_ = clips = list(teacher_poses(tmp_path / "poses.npz"))
    assert [clip.label for clip in clips] == ["lspet", "lspet", "gym"]
    assert not first.known[BODY_21.index("left_wrist")]
    assert not first.known[BODY_21.index("upper_neck")]
    assert first.known[[PELVIS, THORAX]].all()
    assert np.allclose(first.joints[0, PELVIS], poses[0, [11, 12]].mean(0), atol=1e-6)


@pytest.mark.data
@pytest.mark.parametrize("reader", [utd_mhad, utkinect, studio])
def test_people_stand_on_legs_that_bend_backward_and_are_no_mirror_images(reader, shared_folder: Path) -> None:  # type: ignore[no-untyped-def]
    """Axes are right-handed with Y up, or knees would bend forward; Kinect's own hips would have most bend forward."""
    name = {"utd_mhad": "utd_mhad_skel"}.get(reader.__name__, reader.__name__)
    joints = np.concatenate([clip.joints for clip in reader(shared_folder / "data" / name)])
    left, right, thorax, pelvis = (joints[:, BODY_21.index(n)] for n in ("left_hip", "right_hip", "thorax", "pelvis"))
    forward = np.cross(left - right, thorax - pelvis)
    forward /= np.linalg.norm(forward, axis=-1, keepdims=True)
    assert (thorax - pelvis)[:, 1].mean() > 0.3
    for side in ("left", "right"):
        hip, knee, ankle = (joints[:, BODY_21.index(f"{side}_{part}")] for part in ("hip", "knee", "ankle"))
        bend = ((knee - (hip + ankle) / 2) * forward).sum(-1)
        assert (bend[np.abs(bend) > 0.03] > 0).mean() > 0.85

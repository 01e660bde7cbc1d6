"""Kinect skeletons: what trains, what only measures, and which way is left."""

from pathlib import Path

import numpy as np
import pytest
from scipy.io import savemat

from trainer.data.action_sequences import LABELS, OTHER
from trainer.data.kinect_sequences import nwucla, utkinect, walks
from trainer.inputs.action_clip import COMMON_JOINTS


def write_utkinect(folder: Path) -> None:
    skeletons = np.random.default_rng(0).uniform(0.5, 1.5, (10, 2, 10, 6, 20, 3))
    skeletons[..., 0, :] = 1.0  # hips that stay: nobody walks
    lengths = np.full((10, 2, 10), 5, np.uint8)
    lengths[0, 0, 0] = 1
    savemat(folder / "UTKinect.mat", {"complete_skeleton": skeletons, "action_length": lengths})


def test_utkinect_keeps_persons_apart_and_knows_its_labels(tmp_path: Path) -> None:
    write_utkinect(tmp_path)
    sequences = list(utkinect(tmp_path, views=2))
    assert len(sequences) == (10 * 2 * 10 - 1) * 2  # the sequence of a single frame shows no motion
    assert {s.name.split("_")[-2] for s in sequences if s.split == "validation"} == {"8", "9"}
    assert {s.split for s in sequences} == {"train", "validation"}
    assert all(s.joints.shape == (5, len(COMMON_JOINTS), 3) and s.joints.dtype == np.float32 for s in sequences)
    assert all(set(s.allowed) <= set(LABELS) for s in sequences)
    assert {s.allowed for s in sequences if s.name.startswith("wave")} == {("wave",)}
    assert {s.allowed for s in sequences if s.name.startswith("pull")} == {(OTHER,)}


def test_nwucla_is_only_for_testing_and_never_named_falsely(tmp_path: Path) -> None:
    skeleton = np.zeros((5, 20, 3))
    skeleton[..., 1], skeleton[..., 2] = 1.0, 2.0
    skeleton[:, 3, 1] = 1.8  # the head
    skeleton[3:, :, 0] = [[-1.0], [1.0]]  # the last one goes two metres to the side
    names = np.array(["a04_s01", "a01_s01", "a12_s01"])
    np.savez(tmp_path / "nwucla.npz", name=names, length=np.array([2, 1, 2]), skeleton=skeleton)
    walk, pick_up, carry = nwucla(tmp_path)
    assert (walk.allowed, pick_up.allowed, carry.allowed) == ((OTHER, "walk"), (OTHER,), (OTHER, "walk"))
    assert {s.split for s in (walk, pick_up, carry)} == {"test"}
    assert walk.joints[0, 0].tolist() == pytest.approx([0.0, -0.9, 1.0])  # up is negative in pictures; two metres away
    assert walk.joints[0, 5].tolist() == pytest.approx([0.0, -0.5, 1.0])


def test_who_stays_where_they_are_does_not_walk() -> None:
    skeleton = np.zeros((4, 20, 3))
    skeleton[:, :, 1] = np.linspace(0, 2, 4)[:, None]  # jumps, and throws a hand far out
    skeleton[2, 7] = 3.0
    assert not walks(skeleton)
    skeleton[:, :, 2] += np.linspace(0, 1.2, 4)[:, None]
    assert walks(skeleton)


@pytest.mark.data
def test_the_people_of_utkinect_walk_forwards(shared_folder: Path) -> None:
    """Left and right and the axes are as `_ROWS` says: the ground direction across the shoulders, turned, is where
    people walk.
    """
    from scipy.io import loadmat

    content = loadmat(shared_folder / "data/utkinect/UTKinect.mat")
    skeletons, lengths = content["complete_skeleton"], content["action_length"]
    agreements = []
    for person, trial in np.ndindex(10, 2):
        walk = skeletons[person, trial, 0, : lengths[person, trial, 0]].astype(float)
        moved = (walk[5:, 0] - walk[:-5, 0])[:, [0, 2]]
        across = (walk[:-5, 4] - walk[:-5, 8])[:, [0, 2]]  # from the right shoulder to the left
        forward = np.stack([-across[:, 1], across[:, 0]], -1)  # left × up in right-handed axes, on the ground
        agreements += list(np.sign((forward * moved).sum(-1))[np.linalg.norm(moved, axis=-1) > 0.1])
    assert np.mean(np.array(agreements) > 0) > 0.85  # measured .91

"""Joint sequences of every source, in one order of joints and with honest labels."""

import json
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from scipy.io import savemat

from edgeact.errors import SourceFormatError
from trainer.data.action_sequences import (
    LABELS,
    OTHER,
    PENN_LABELS,
    UNSEEN_OTHER,
    is_unseen_other,
    jhmdb,
    own_tracks,
    penn_action,
    studio_action_split,
    studio_split,
)
from trainer.data.studio.motion import MotionEntry
from trainer.inputs.action_clip import COMMON_JOINTS, spread_common


def write_penn(folder: Path, name: str, *, action: str, train: int) -> None:
    frames = 4
    x = np.arange(13.0) + np.arange(frames)[:, None]
    visibility = np.ones((frames, 13))
    visibility[2, 5] = 0
    values = {
        "action": action,
        "train": train,
        "x": x,
        "y": 2 * x,
        "visibility": visibility,
        "bbox": np.ones((frames, 4)),
        "nframes": frames,
    }
    folder.mkdir(parents=True, exist_ok=True)
    savemat(folder / f"{name}.mat", values)


def test_penn_action_in_its_own_spelling(tmp_path: Path) -> None:
    write_penn(tmp_path / "labels", "0001", action="jumping_jacks", train=-1)
    write_penn(tmp_path / "labels", "0002", action="strumming_guitar", train=1)
    write_penn(tmp_path / "labels", "0003", action="jumping_jack", train=-1)
    first, second, third = penn_action(tmp_path)
    assert (first.allowed, first.split, first.name) == (("jumping_jacks",), "test", "0001")
    assert third.allowed == first.allowed
    assert second.allowed == ("strum_guitar",)
    assert second.split in ("train", "validation")
    assert first.joints.shape == (4, 13, 3)
    assert first.joints[1, 2].tolist() == [3, 6, 1]
    assert np.argwhere(first.joints[..., 2] == 0).tolist() == [[2, 5]]


def test_an_action_that_is_none_of_penns_is_refused(tmp_path: Path) -> None:
    write_penn(tmp_path / "labels", "0001", action="chess", train=1)
    with pytest.raises(SourceFormatError, match=r"0001\.mat: 'chess' is no action"):
        list(penn_action(tmp_path))


def test_jhmdb_joints_come_into_the_common_order(tmp_path: Path) -> None:
    # Order of JHMDB's puppet (Jhuang et al., ICCV 2013).
    order = (
        "neck", "belly", "head", "right_shoulder", "left_shoulder", "right_hip", "left_hip", "right_elbow",
        "left_elbow",
        "right_knee", "left_knee", "right_wrist", "left_wrist", "right_ankle", "left_ankle",
    )  # fmt: skip
    pose = np.zeros((5, 15, 2))
    pose[..., 0] = np.arange(15)
    pose[:3, :, 1], pose[3:, :, 1] = 7, 8  # two clips of three and two frames
    for part in ("train", "test"):
        np.savez(tmp_path / f"GT_{part}_1.npz", pose=pose, length=np.array([3, 2]), label=np.array(["golf", "sit"]))
    found = list(jhmdb(tmp_path))
    assert [(s.split, len(s.joints), s.allowed) for s in found] == [
        ("train", 3, ("golf_swing",)),
        ("train", 2, (OTHER,)),
        ("validation", 3, ("golf_swing",)),
        ("validation", 2, (OTHER,)),
    ]
    assert [order[int(x)] for x in found[0].joints[0, :, 0]] == list(COMMON_JOINTS)
    assert (found[1].joints[..., 1] == 8).all()
    assert (found[0].joints[..., 2] == 1).all()


def test_own_tracks_keep_what_their_clip_says(tmp_path: Path) -> None:
    common = np.random.default_rng(0).uniform(1, 100, (4, 13, 3))
    row = {"source": "ut_interaction", "split": "test", "name": "a.mp4#1", "frame_rate": 29.97, "allowed": ["hug"]}
    (tmp_path / "a.jsonl").write_text(json.dumps(row | {"joints": spread_common(common).tolist()}) + "\n")
    (track,) = own_tracks(tmp_path)
    assert (track.source, track.split, track.allowed, track.frame_rate) == ("ut_interaction", "test", ("hug",), 29.97)
    assert np.allclose(track.joints, common, rtol=1e-4)


def test_labels_are_different_and_other_comes_last() -> None:
    assert len(set(LABELS)) == len(LABELS)
    assert LABELS[-1] == OTHER


@pytest.mark.data
def test_penn_actions_official_split(shared_folder: Path) -> None:
    """2326 sequences of 15 actions, 1258 for training and 1068 for testing (Zhang, Zhu, Derpanis, ICCV 2013)."""
    sequences = list(penn_action(shared_folder / "data/penn_action"))
    splits = Counter(sequence.split for sequence in sequences)
    assert splits["test"] == 1068
    assert splits["train"] + splits["validation"] == 1258
    assert 0.05 < splits["validation"] / 1258 < 0.12
    assert {sequence.allowed for sequence in sequences} == {(label,) for label in PENN_LABELS}
    assert all(np.isfinite(sequence.joints).all() and sequence.joints.shape[1:] == (13, 3) for sequence in sequences)
    # Left is left: of somebody seen from behind or ahead both shoulders lie above both hips.
    above = [
        np.median(s.joints[:, 7:9, 1]) > np.median(s.joints[:, 1:3, 1])
        for s in sequences
        if s.allowed == ("baseball_pitch",)
    ]
    assert np.mean(above) > 0.95


@pytest.mark.data
def test_jhmdbs_first_split(shared_folder: Path) -> None:
    sequences = list(jhmdb(shared_folder / "data/jhmdb"))
    assert len(sequences) == 609  # the 14 classes that the copy has
    assert Counter(sequence.split for sequence in sequences) == {"train": 433, "validation": 176}
    known = {sequence.allowed for sequence in sequences} - {(OTHER,)}
    assert known == {("clap",), ("golf_swing",), ("jump",), ("pullup",), ("run",), ("walk",), ("wave",)}


@pytest.mark.parametrize(
    ("label", "source", "unseen"),
    [
        ("dance", "cmu_cc", False),
        ("dance", "deepmimic", True),
        ("drink_eat", "m2m_addon", True),
        ("sit", "kaykit", False),
    ],
)
def test_dances_of_one_recording_train_and_those_of_others_test(label: str, source: str, unseen: bool) -> None:
    motion = MotionEntry(f"{source}__a.npz", label, source, "a", "CC0")
    assert is_unseen_other(motion) is unseen
    assert (studio_action_split(motion) == "test") is unseen
    assert (studio_split(motion) == "test") is (label in UNSEEN_OTHER)  # what learns bodies sees no dance


def test_nobody_learns_from_the_subject_that_measures() -> None:
    motion = MotionEntry("a.npz", "basketball_dribble", "cmu8_test", "a", "CC0")
    assert studio_action_split(motion) == studio_split(motion) == "test"

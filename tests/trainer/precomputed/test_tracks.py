"""Tracks as the runtime sees them."""

from pathlib import Path

import numpy as np
import pytest

from edgeact.bundle.load import load_bundle
from edgeact.skeleton import BODY_21
from tests.tiny_bundle import build_tiny_bundle
from tests.toy_video import write_toy_video
from trainer.precomputed.found_tracks import PerceiverFactory, clip_tracks
from trainer.precomputed.tracks import active_track


def person(*, joint: str | None = None, reach: float = 0.0) -> np.ndarray:
    """Somebody who stands still, except that one joint goes out to the side and back."""
    joints = np.zeros((30, 21, 3))
    joints[:, :, 1] = np.linspace(0, 100, 21)
    if joint:
        joints[:, BODY_21.index(joint), 0] = reach * np.sin(np.linspace(0, np.pi, 30))
    return joints


def test_who_reaches_out_is_the_active_one() -> None:
    still, striking, kicking = person(), person(joint="left_wrist", reach=-60), person(joint="right_ankle", reach=80)
    assert active_track({1: still, 2: striking}, "punch") == 2
    assert active_track({1: striking, 2: still}, "push") == 1
    assert active_track({1: striking, 2: kicking}, "kick") == 2
    assert active_track({1: striking, 2: kicking}, "punch") == 1


def test_nobody_is_active_alone() -> None:
    assert active_track({1: person(joint="left_wrist", reach=60)}, "punch") is None


def test_the_tracks_of_a_video_follow_its_person(tmp_path: Path) -> None:
    video = write_toy_video(tmp_path / "walk.mp4", seconds=1.2)
    factory = PerceiverFactory(load_bundle(build_tiny_bundle(tmp_path / "tiny")))
    tracks, rate = clip_tracks(video, factory())
    factory.close()
    (joints,) = tracks.values()
    assert rate == pytest.approx(25, rel=0.01)
    assert joints.shape[1:] == (21, 3)
    assert 24 <= len(joints) <= 30  # a track begins once a person was seen a few times
    assert np.median(np.diff(joints[:, :, 0].mean(1))) == pytest.approx(40 / 25, abs=0.4)  # pixels a frame
    assert (joints[..., 2] > 0.5).mean() > 0.9


def test_each_clip_begins_without_the_tracks_of_the_one_before(tmp_path: Path) -> None:
    video = write_toy_video(tmp_path / "walk.mp4", seconds=0.8)
    factory = PerceiverFactory(load_bundle(build_tiny_bundle(tmp_path / "tiny")))
    first, second = (clip_tracks(video, factory())[0] for _ in range(2))
    factory.close()
    assert list(first) == list(second)

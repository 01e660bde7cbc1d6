"""What is given out of a person: attention where something decided, at joints that have a place."""

from pathlib import Path

import numpy as np
import pytest

from edgeact.bundle.load import load_bundle
from edgeact.perception.describe import describe_person
from edgeact.perception.map_choice import MapChoice
from edgeact.perception.subject import Subject
from edgeact.perception.tracking.step import TrackedPerson
from edgeact.types import Person
from tests.tiny_bundle import build_tiny_bundle

CROP = np.array([0, 0, 16, 20], np.float32)
NOSE, ANKLE = 0, 15


def described(folder: Path) -> Person:
    """Somebody whose nose is sure, whose left ankle is below the picture, and whom nobody has judged."""
    plan = load_bundle(folder).plan
    features, maps = np.zeros((21, 3), np.float32), np.zeros((21, 20, 16), np.float32)
    features[NOSE, 2] = 0.9
    maps[NOSE, 3, 8], maps[ANKLE] = 0.2, 1 / 320  # a map that knows no place is flat
    tracked = TrackedPerson(
        track_id=1, box=CROP, score=0.9, features=features, joints_3d=None, joint_maps=maps, crop_box=CROP,
        continues=True, more={},
    )  # fmt: skip
    return describe_person(plan, MapChoice(plan, "first"), Subject(states={}, buffers={}), tracked, 0.0)


def test_a_joint_that_is_too_unsure_to_be_drawn_does_not_glow(tmp_path: Path) -> None:
    (attention,) = described(build_tiny_bundle(tmp_path / "tiny", omit=("action", "explain"))).attention
    assert attention.values[3, 8] == 1
    assert np.count_nonzero(attention.values) == 1
    assert attention.joints is None  # nothing decided


@pytest.mark.parametrize(("omit", "count"), [((), 0), (("explain",), 1)])
def test_nothing_glows_before_something_decided(tmp_path: Path, omit: tuple[str, ...], count: int) -> None:
    """Only a bundle that never says what decided shows all joints alike."""
    assert len(described(build_tiny_bundle(tmp_path / "tiny", omit=omit)).attention) == count

"""The example bundles of all six networks (seeded, untrained) run, and each says what its kind says."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import edgeact
from edgeact.bundle.load import Bundle, load_bundle
from edgeact.capture.open import open_source
from edgeact.config import PipelineConfig
from edgeact.engine.engine import Engine
from edgeact.perception.perceiver import Perceiver
from edgeact.perception.pose import PoseEstimator
from edgeact.perception.stages import Followed, Looked, Stages
from edgeact.perception.tracking.step import TrackedPerson, TrackStep
from edgeact.types import Observation, Perceived, Reading

DEMO = Path(edgeact.__file__).parent / "assets" / "demo.mp4"
FRAMES, EVERY = 16, 5  # at five frames a second: more than a clip of any of them


def watch(folder: Path) -> tuple[Bundle, list[Observation]]:
    """What a bundle says of the demo clip's two people, with all maps."""
    bundle = load_bundle(folder)
    found: list[Observation] = []
    with Engine(bundle) as engine, open_source(DEMO, every=EVERY) as source:
        perceiver = Perceiver(engine, PipelineConfig(attention="all", confirm_hits=1))
        for frame in source.frames():
            found.append(perceiver.process(frame).observation)
            if len(found) == FRAMES:
                break
    return bundle, found


def check_readings(bundle: Bundle, scope: str, readings: list[Reading]) -> None:
    heads = {head.name: head for of, head in bundle.plan.manifest_heads if of == scope}
    for reading in readings:
        assert reading.raw.shape == (len(heads[reading.head].labels),)
        assert np.isfinite(reading.smoothed).all()
        for attention in reading.attention:
            assert attention.name in bundle.plan.maps
            assert attention.values.ndim == 2
            assert 0 <= attention.values.min() <= attention.values.max() <= 1


SCENES = {
    "B": {"sam", "pam", "human_map"},
    "C": {"3dcam_conv", "sum3dcam", "gradcam", "counterfactual"},
    "D": {"top_down", "bottom_up", "merged"},
}


@pytest.mark.parametrize("letter", SCENES)
def test_networks_of_scenes_judge_without_a_detector(letter: str, example_bundle: Callable[[str], Path]) -> None:
    bundle, found = watch(example_bundle(letter))
    assert bundle.plan.persons is None
    last = found[-1]
    assert [reading.head for reading in last.scene] == [head.name for head in bundle.plan.scene_heads]
    check_readings(bundle, "scene", list(last.scene))
    maps = {attention.name for reading in last.scene for attention in reading.attention}
    assert maps | {attention.name for attention in last.attention} >= SCENES[letter]


def test_network_a_judges_everybody_whom_it_follows(example_bundle: Callable[[str], Path]) -> None:
    bundle, found = watch(example_bundle("A"))
    persons = [person for observation in found for person in observation.persons]
    for person in persons:
        check_readings(bundle, "person", list(person.readings))
    heads = {reading.head for person in persons for reading in person.readings}
    assert heads == {"ensemble", "image", "attention", "parts", "concatenation"}
    assert any(part.name == "head" for person in persons for part in person.parts)


@pytest.mark.parametrize("letter", ["E", "F"])
def test_networks_of_clips_judge_the_features_of_a_person(letter: str, example_bundle: Callable[[str], Path]) -> None:
    """Untrained, they are too unsure of joints for anybody to be followed: here somebody is, in one box."""
    bundle = load_bundle(example_bundle(letter))
    box = np.array([220, 80, 420, 460], np.float32)
    with Engine(bundle) as engine, open_source(DEMO, every=EVERY) as source:
        stages, poses = Stages(engine), PoseEstimator(engine)
        stream = stages.open_stream(PipelineConfig(attention="all"))
        for frame, _ in zip(source.frames(), range(FRAMES), strict=False):
            seen = poses.estimate(frame.image, box[None])
            features = seen.features[0].copy()
            features[:, :2] = np.clip(features[:, :2], 0, 400)
            features[:, 2] = 1
            person = TrackedPerson(
                track_id=1, box=box, score=0.9, features=features,
                joints_3d=None if seen.joints_3d is None else seen.joints_3d[0],
                joint_maps=None if seen.joint_maps is None else seen.joint_maps[0],
                crop_box=seen.crop_boxes[0], continues=True, more={key: rows[0] for key, rows in seen.more.items()},
            )  # fmt: skip
            step = Followed(Looked(frame, False, None, {}), TrackStep((person,), ()))
            (perceived,) = stages.act([(stream, step)])
            assert isinstance(perceived, Perceived)
    (described,) = perceived.observation.persons
    assert [reading.head for reading in described.readings] == [head.name for head in bundle.plan.heads]
    check_readings(bundle, "person", list(described.readings))
    assert "joints" in {attention.name for reading in described.readings for attention in reading.attention}
    assert (described.pose.joints_3d is not None) == (bundle.plan.pose.output("joints_3d") is not None)

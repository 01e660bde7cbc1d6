"""A bundle that is run over videos: what counts as said in a clip, in a frame and of a whole video."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from edgeact.bundle.load import load_bundle
from edgeact.capture.open import open_source
from edgeact.engine.engine import Engine
from edgeact.engine.graph import Graph
from edgeact.perception.perceiver import Perceiver
from edgeact.perception.pictures import scene_picture
from tests.example_bundles import LABELS, SIDE
from tests.tiny_bundle import build_tiny_bundle
from tests.toy_video import nobody, write_toy_video
from trainer.data.labelled_samples import LabelledSample
from trainer.evaluate.run_clips import frame_milliseconds, run_clips


def listed(items: object, _title: str) -> object:
    return items


def test_persons_are_judged_as_when_annotating(tmp_path: Path) -> None:
    bundle = load_bundle(build_tiny_bundle(tmp_path / "bundle"))
    walk = LabelledSample(write_toy_video(tmp_path / "walk.mp4", seconds=3.0), "test", 0)
    empty = LabelledSample(write_toy_video(tmp_path / "empty.mp4", seconds=1.0, boxes=nobody), "test", 1)
    (found,), runs = run_clips(bundle, [walk, empty], ("walk", "jump"), progress=listed)
    # The same frame by frame.
    said = []
    with Engine(bundle) as engine, open_source(walk.path) as source:
        perceiver = Perceiver(engine)
        for frame in source.frames():
            people = perceiver.process(frame).observation.persons
            said.append(people[0].readings[0].raw[:2] if people and people[0].readings else np.full(2, np.nan))
    judged = np.isfinite(said).all(1)
    assert runs[0].said["action"] == pytest.approx(np.array(said), nan_ok=True)
    assert 30 < judged.sum() < 75
    videos = found.videos
    assert videos is not None
    assert videos.answered == pytest.approx(judged.sum() / 100)  # of 75 frames and of the 25 without anybody
    of_walk = videos.frames[videos.frame_videos == 0]
    assert of_walk == pytest.approx(np.array(said)[judged])
    # Clips of 32 fifteenths of a second in 2.96 s: two, which end at 2.13 and 2.96 s, in the frames 53 and 74.
    assert videos.clip_videos.tolist() == [0, 0, 1]
    assert videos.clips[:2] == pytest.approx(np.array([said[53], said[74]]))
    assert found.probability[0] == pytest.approx(np.mean([said[53], said[74]], 0))
    # Of the video without anybody nothing is said.
    assert videos.frames[videos.frame_videos == 1].tolist() == [[0, 0]]
    assert found.probability[1].tolist() == [0, 0]
    assert [moment for moment, _ in runs[0].drawn] == pytest.approx([0.3 * 2.96, 0.5 * 2.96, 0.7 * 2.96], abs=0.13)
    assert all(runs[0].picture(number).shape == (360, 480, 3) for number in range(3))
    assert found.milliseconds > 0


def test_single_frames_have_no_clips(tmp_path: Path, example_bundle: Callable[[str], Path]) -> None:
    bundle = load_bundle(example_bundle("D"))
    sample = LabelledSample(write_toy_video(tmp_path / "a.mp4", seconds=0.2), "test", 1)
    (found,), _ = run_clips(bundle, [sample], LABELS, progress=listed)
    graph = Graph(bundle, bundle.graph("scene"))
    with open_source(sample.path) as source:
        first = scene_picture(next(iter(source.frames())).image, (SIDE, SIDE))[0]
    assert found.videos is not None
    assert found.videos.clips.shape == (0, 4)
    assert found.videos.frames[0] == pytest.approx(graph.run(first[None]).of("actions", head="image")[0], abs=1e-5)
    assert found.probability[0] == pytest.approx(found.videos.frames.mean(0))
    assert found.videos.answered == 1


def test_the_time_of_a_frame_is_that_of_everything(tmp_path: Path) -> None:
    bundle = load_bundle(build_tiny_bundle(tmp_path / "bundle"))
    sample = LabelledSample(write_toy_video(tmp_path / "a.mp4", seconds=0.2), "test", 1)
    assert frame_milliseconds(bundle, sample) > 0

"""Bundles on a tiny Stanford 40, UT-Interaction and LSP extended, from files to findings."""

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
from scipy.io import savemat

from edgeact.bundle.load import load_bundle
from edgeact.engine.graph import Graph
from edgeact.errors import UsageError
from edgeact.geometry import transform_points
from tests.example_bundles import LABELS
from tests.toy_video import write_toy_video
from tests.trainer.data.sets.layouts import write_stanford40
from trainer.data.labelled_samples import LabelledSample
from trainer.data.spread import spread
from trainer.evaluate.attention_strips import as_given, attention_strips, mapping_graph, surest_mistakes
from trainer.evaluate.cut_clips import cut_clips
from trainer.evaluate.evaluation import Asked, evaluate_bundles
from trainer.evaluate.held_out import answer, picture_of
from trainer.evaluate.held_out_people import find_joints, person_box
from trainer.evaluate.map_figures import BLOB
from trainer.evaluate.metrics.average_precision import mean_average_precision
from trainer.evaluate.pose_curves import choose_lengths


def listed(items: object, _title: str) -> object:
    return items


@pytest.fixture
def stanford40(tmp_path: Path) -> Path:
    """Two test photos of each of four actions."""
    root, rng = tmp_path / "stanford40", np.random.default_rng(0)
    for action in LABELS:
        for part, numbers in (("train", (0,)), ("test", (1, 2))):
            photos = {f"{action}_{number}.jpg": rng.integers(0, 255, (60, 80, 3), np.uint8) for number in numbers}
            write_stanford40(root, action, part, photos, "10 10 40 50")
    return root


def test_actions_of_pictures(tmp_path: Path, stanford40: Path, example_bundle: Callable[[str], Path]) -> None:
    bundle = load_bundle(example_bundle("B"))
    found = evaluate_bundles(
        [bundle], Asked("stanford40", stanford40, None, tmp_path / "people", "2026-01-31"), progress=listed
    )
    by_name = {figure.name: figure for figure in found.figures}
    assert (by_name["mAP"].paper, by_name["mAP"].comparable) == (0.911, True)
    of_maps = {figure.of for figure in found.figures if figure.name == "MaxBoxAcc"}
    assert of_maps == {f"{bundle.manifest.name}: {name}, 8 maps" for name in ("human_map", "sam", "pam")} | {BLOB}
    # The answers, asked for one by one.
    graph = Graph(bundle, bundle.graph("scene"))
    names = sorted(LABELS)
    samples = [
        LabelledSample(stanford40 / "JPEGImages" / f"{action}_{number}.jpg", "test", names.index(action))
        for action in names
        for number in (1, 2)
    ]
    said = np.stack(
        [graph.run(picture_of(sample, graph.spec)[None]).of("actions", head="image")[0] for sample in samples]
    )
    said = said[:, [LABELS.index(name) for name in names]]
    labels = np.array([sample.label for sample in samples])
    assert by_name["mAP"].measured == pytest.approx(mean_average_precision(said, labels))
    assert by_name["top-1 accuracy"].measured == pytest.approx((said.argmax(1) == labels).mean())
    (classes,) = found.classes
    assert classes.labels == tuple(names)
    assert classes.confusion.sum() == 8
    (mistakes,) = found.worst
    assert mistakes.title == f"The surest mistakes: {bundle.manifest.name}"
    assert len(mistakes.pictures) == int((said.argmax(1) != labels).sum())
    assert [len(strip.pictures) for strip in found.strips] == [4] * 6  # the photo, human map, SAM and PAM
    assert any("8 samples of the part test" in text for _, text in found.facts)


def test_what_a_bundle_does_not_know_is_named(stanford40: Path, example_bundle: Callable[[str], Path]) -> None:
    bundle = load_bundle(example_bundle("B"))
    sample = LabelledSample(stanford40 / "JPEGImages" / "wave_0.jpg", "test", 0)
    with pytest.raises(UsageError, match="head image does not know fly"):
        answer(bundle, [sample], ["fly"], clips=False, progress=listed)
    with pytest.raises(UsageError, match="no action head that judges clips of whole frames"):
        answer(bundle, [sample], ["wave"], clips=True, progress=listed)
    with pytest.raises(UsageError, match="has no box"):
        answer(load_bundle(example_bundle("A")), [sample], ["wave"], clips=False, progress=listed)


def test_actions_of_clips(tmp_path: Path, example_bundle: Callable[[str], Path]) -> None:
    bundle = load_bundle(example_bundle("C"))
    spec = bundle.graph("clip")
    video = write_toy_video(tmp_path / "a.mp4", seconds=1.2)
    sample = LabelledSample(video, "test", 1)
    cut = cut_clips(sample, spec)
    clips = cut.clips
    # Clips of 8 frames, a 25th of a second apart: .32 s, half over each other in 1.16 s.
    assert len(clips) == 7
    assert all(clip.shape == (1, 8, 48, 48, 3) for clip in clips)
    (found,) = answer(bundle, [sample], LABELS[:2], clips=True, progress=listed)
    graph = Graph(bundle, spec)
    said = np.stack([graph.run(clip).of("actions", head="clip")[0, :2] for clip in clips])
    assert found.probability[0] == pytest.approx(said.mean(0), abs=1e-6)
    videos = found.videos
    assert videos.clips == pytest.approx(said, abs=1e-6)
    assert videos.clip_videos.tolist() == [0] * 7
    # Of 30 frames in 1.16 s, the first has the answer of the first clip, and the last that of the last one.
    assert len(videos.frames) == len(cut.times) == 30
    assert videos.frames[[0, 15, 29]] == pytest.approx(said[[0, 3, 6]], abs=1e-6)
    assert (np.diff(cut.nearest()) >= 0).all()
    # The page shows the middle picture of the middle clip: of mistakes, and beside the maps of the explain graph.
    wrong = LabelledSample(video, "test", 1 - int(found.probability[0].argmax()))
    ((row, caption),) = surest_mistakes(found, [wrong], LABELS[:2], 5)
    assert row == 0
    assert caption.endswith("(a.mp4)")
    shown = as_given(found, wrong)
    assert shown.shape == (224, 224, 3)
    assert shown[::8, ::8].mean() == pytest.approx(clips[3][0, 4].mean(), rel=0.1)
    explained = mapping_graph(bundle, spec)
    assert explained.name == "explain"
    (strip,) = attention_strips(bundle, found, [wrong], LABELS[:2], 5)
    assert [picture.caption for picture in strip.pictures[1:]] == [output.name for output in explained.outputs]
    assert (strip.pictures[0].image == shown).all()
    short = write_toy_video(tmp_path / "b.mp4", seconds=0.1)
    assert len(cut_clips(LabelledSample(short, "test", 1), spec).clips) == 1


def test_joints(tmp_path: Path) -> None:
    root, rng = tmp_path / "lspet", np.random.default_rng(0)
    (root / "images").mkdir(parents=True)
    joints = np.ones((14, 3, 30))
    joints[:, :2] = rng.uniform(20, 100, (14, 2, 30))
    joints[0, 2] = 0
    savemat(root / "joints.mat", {"joints": joints})
    for number in range(30):
        image = rng.integers(0, 255, (120, 120, 3), np.uint8)
        cv2.imwrite(str(root / "images" / f"im{number + 1:05d}.jpg"), image)
    bundle = load_bundle(None)
    found = evaluate_bundles([bundle], Asked("lspet", root, None, tmp_path / "people", "2026-01-31"), progress=listed)
    names = [figure.name for figure in found.figures]
    assert "PCK of the torso@0.2, wrist" in names
    chart, speed = found.charts
    values = np.array(chart.curves[0].y)
    assert (np.diff(values) >= 0).all()
    assert values[-1] > 0
    by_name = {figure.name: figure.measured for figure in found.figures}
    assert speed.curves[0].x == (by_name["time of a call"],)
    assert speed.curves[0].y == (by_name["PCK of the torso@0.2, mean"],)
    (worst,) = found.worst
    assert worst.title == f"Joints farthest off: {bundle.manifest.name}"
    errors = [float(picture.caption.rpartition(": ")[2]) for picture in worst.pictures]
    assert errors == sorted(errors, reverse=True)
    assert all(0 < error <= 1 for error in errors)


def test_joints_are_those_of_the_picture_and_distances_those_of_the_torso(tmp_path: Path) -> None:
    from edgeact.geometry import person_crop_matrix, warp
    from trainer.data.sample import Picture, Sample, one_person, seen_where

    image = np.random.default_rng(1).integers(0, 255, (200, 160, 3), np.uint8)
    cv2.imwrite(str(tmp_path / "a.png"), image[..., ::-1])
    joints = ("left_shoulder", "right_shoulder", "left_hip", "right_hip")
    places = np.array([[50.0, 40], [90, 40], [50, 120], [np.nan, np.nan]])
    visible = seen_where(np.isfinite(places).all(1), labelled=np.isfinite(places).all(1))[None, None]
    sample = Sample("a", "a", Picture(tmp_path / "a.png"), joints=one_person(places), visibility=visible)
    # Around 50..90 and 40..120, and .15 of 80 more on each side.
    assert person_box(sample).tolist() == [38, 28, 102, 132]
    lengths = choose_lengths([sample], joints)
    assert (lengths.pixels.tolist(), lengths.unit, lengths.threshold) == ([80.0], "torso lengths", 0.2)
    assert lengths.within("wrist") == "PCK of the torso@0.2, wrist"
    bundle = load_bundle(None)
    found = find_joints(bundle, [sample], joints, progress=listed)
    height, width = bundle.plan.pose.inputs[0].shape[1:3]
    matrix = person_crop_matrix(person_box(sample), width=width, height=height, padding=bundle.plan.crop.padding)
    crop = warp(image, matrix, width=width, height=height)
    inside = Graph(bundle, bundle.plan.pose).run(crop[None]).of("joints")[0]
    rows = [bundle.plan.skeleton.index(name) for name in found.names]
    assert transform_points(found.places[0], matrix) == pytest.approx(inside[rows], abs=1e-2)
    assert found.confidence.shape == (1, 4)


def test_a_limit_takes_samples_from_all_over() -> None:
    samples = [LabelledSample(Path(str(number)), "test") for number in range(10)]
    assert [sample.path.name for sample in spread(samples, 3)] == ["0", "4", "9"]
    assert len(spread(samples, None)) == 10

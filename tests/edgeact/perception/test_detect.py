"""In what size a detector sees a frame, and that its boxes come back in the frame's pixels."""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeact.bundle.load import load_bundle
from edgeact.bundle.manifest import MANIFEST_NAME
from edgeact.engine.engine import Engine
from edgeact.errors import BundleError
from edgeact.perception.detect import OTHERS_SHARE, SIDE_MULTIPLE, Detector, detection_size, join_looks
from tests.tiny_bundle import build_tiny_bundle, change_graph, change_output, tiny_picture

PIXELS = 256 * 448


@given(st.integers(1, 5000), st.integers(1, 5000), st.integers(1024, 300_000))
def test_the_frame_is_seen_as_large_as_the_budget_allows(width: int, height: int, pixels: int) -> None:
    seen_width, seen_height = detection_size(width, height, pixels=pixels)
    assert seen_width % SIDE_MULTIPLE == seen_height % SIDE_MULTIPLE == 0
    assert 0 < seen_width * seen_height <= pixels

    def scale(picture_width: int, picture_height: int) -> float:
        return min(picture_width / width, picture_height / height)

    # Of every width the tallest picture that the budget allows; none shows the frame larger, none as large for less.
    for other_width in range(SIDE_MULTIPLE, pixels // SIDE_MULTIPLE + 1, SIDE_MULTIPLE):
        rows = pixels // (other_width * SIDE_MULTIPLE)
        assert scale(other_width, rows * SIDE_MULTIPLE) <= scale(seen_width, seen_height)
    for fewer in ((seen_width - SIDE_MULTIPLE, seen_height), (seen_width, seen_height - SIDE_MULTIPLE)):
        assert scale(*fewer) < scale(seen_width, seen_height)


def test_usual_frames_are_seen_in_their_own_shape() -> None:
    assert detection_size(1280, 720, pixels=PIXELS) == (448, 256)
    assert detection_size(720, 1280, pixels=PIXELS) == (256, 448)
    assert detection_size(640, 480, pixels=PIXELS) == (384, 288)
    assert detection_size(500, 500, pixels=PIXELS) == (320, 320)


def test_boxes_come_back_in_the_pixels_of_frames_of_any_shape(tmp_path: Path) -> None:
    bundle = load_bundle(build_tiny_bundle(tmp_path / "free", free_size=True, detection_pixels=[PIXELS]))
    detector = Detector(Engine(bundle))
    for width, height in ((896, 512), (300, 600), (448, 256), (896, 512)):
        people = np.array([(0.1, 0.2, 0.2, 0.7), (0.6, 0.3, 0.75, 0.9)]) * (width, height, width, height)
        found = detector.detect(tiny_picture(width, height, people.tolist()))
        boxes = np.array(sorted(tuple(detection.box) for detection in found))
        assert len(boxes) == 2
        ((seen_width, seen_height),) = detector.picture_sizes(width, height)
        assert seen_width * seen_height <= PIXELS
        cell = 2 / min(seen_width / width, seen_height / height)  # of the tiny detector, in pixels of the frame
        assert boxes == pytest.approx(people, abs=1.5 * cell)
    assert detector.picture_sizes(300, 600) == ((224, 448),)


def test_a_frame_that_is_looked_at_twice_gives_everybody_once(tmp_path: Path) -> None:
    folder = build_tiny_bundle(tmp_path / "free", free_size=True, detection_pixels=[PIXELS, PIXELS // 2])
    detector = Detector(Engine(load_bundle(folder)))
    sizes = detector.picture_sizes(896, 512)
    assert sizes == ((448, 256), detection_size(896, 512, pixels=PIXELS // 2))
    people = np.array([(90.0, 100.0, 180.0, 360.0), (540.0, 150.0, 670.0, 460.0)])
    found = detector.detect(tiny_picture(896, 512, people.tolist()))
    assert np.array(sorted(tuple(detection.box) for detection in found)) == pytest.approx(people, abs=10)
    assert all(detection.score > 0.85 for detection in found)


def test_two_detectors_join_what_they_find(tmp_path: Path) -> None:
    folder = build_tiny_bundle(tmp_path / "two", free_size=True, detection_pixels=[PIXELS])
    manifest = json.loads((folder / MANIFEST_NAME).read_text())
    second = json.loads(json.dumps(manifest["graphs"][0])) | {"name": "blind", "file": "blind.onnx"}
    second["detection"]["pixels"] = [PIXELS // 2]
    manifest["graphs"].append(second)
    (folder / MANIFEST_NAME).write_text(json.dumps(manifest))
    (folder / "blind.onnx").write_bytes((folder / "detector.onnx").read_bytes())
    people = np.array([(90.0, 100.0, 180.0, 360.0), (540.0, 150.0, 670.0, 460.0)])
    picture = tiny_picture(896, 512, people.tolist())
    bundle = load_bundle(folder)
    assert [graph.name for graph in bundle.plan.calls[:3]] == ["detector", "blind", "pose"]
    both = Detector(Engine(bundle)).detect(picture)
    assert np.array(sorted(tuple(detection.box) for detection in both)) == pytest.approx(people, abs=10)
    assert all(detection.score > 0.85 for detection in both)
    change_graph(folder, "blind", change_output("scores", "Mul", np.float32(0)))
    one_sees = Detector(Engine(load_bundle(folder))).detect(picture)
    assert len(one_sees) == len(both)
    for seen, agreed in zip(one_sees, both, strict=True):
        assert seen.score == pytest.approx((1 - OTHERS_SHARE) * agreed.score, abs=0.02)


def boxes_of(*rows: tuple[float, ...]) -> np.ndarray:
    return np.array(rows, np.float32).reshape(-1, 4)


def scores_of(*values: float) -> np.ndarray:
    return np.array(values, np.float32)


def test_a_likeness_that_one_look_sees_loses_and_a_person_whom_all_see_does_not() -> None:
    person, moved, likeness = (10, 10, 50, 110), (12, 12, 52, 112), (200, 10, 240, 110)
    looks = [(boxes_of(person, likeness), scores_of(0.8, 0.6)), (boxes_of(moved), scores_of(0.7))]
    boxes, scores = join_looks(looks)
    assert boxes.dtype == np.float32
    assert scores.dtype == np.float32
    assert boxes.tolist() == boxes_of(person, likeness, moved).tolist()
    own = 1 - OTHERS_SHARE
    assert scores == pytest.approx([own * 0.8 + OTHERS_SHARE * 0.7, own * 0.6, own * 0.7 + OTHERS_SHARE * 0.8])


def test_one_look_stays_as_it_is_and_looks_that_find_nobody_have_a_say() -> None:
    look, nobody = (boxes_of((0, 0, 10, 30)), scores_of(0.5)), (boxes_of(), scores_of())
    assert join_looks([look])[1].tolist() == [0.5]
    boxes, scores = join_looks([nobody, look, nobody])
    assert boxes.tolist() == look[0].tolist()
    assert scores == pytest.approx([(1 - OTHERS_SHARE) * 0.5])
    assert join_looks([nobody, nobody])[0].shape == (0, 4)


def test_a_detector_of_fixed_size_sees_every_frame_in_it(tiny_bundle: Path) -> None:
    detector = Detector(Engine(load_bundle(tiny_bundle)))
    for width, height in ((640, 480), (200, 400)):
        assert detector.picture_sizes(width, height) == ((416, 256),)
        person = (0.4 * width, 0.2 * height, 0.6 * width, 0.8 * height)
        (found,) = detector.detect(tiny_picture(width, height, [person]))
        assert found.box == pytest.approx(person, abs=6)


def test_a_bundle_that_does_not_say_how_large_frames_are_seen_is_refused(tmp_path: Path) -> None:
    folder = build_tiny_bundle(tmp_path / "free", free_size=True)
    with pytest.raises(BundleError, match=r"'detector' takes pictures of any size, and its detection has no pixels"):
        load_bundle(folder)


@pytest.mark.parametrize("pixels", [[], [0], [1023], [PIXELS, (1 << 23) + 1], [PIXELS] * 4])
def test_budgets_that_no_picture_fits_are_refused(pixels: list[int], tmp_path: Path) -> None:
    folder = build_tiny_bundle(tmp_path / "free", omit=("pose", "action", "explain"), free_size=True)
    manifest = json.loads((folder / MANIFEST_NAME).read_text())
    manifest["graphs"][0]["detection"]["pixels"] = pixels
    (folder / MANIFEST_NAME).write_text(json.dumps(manifest))
    with pytest.raises(BundleError, match=r"graphs\.0\.detection\.pixels"):
        load_bundle(folder)

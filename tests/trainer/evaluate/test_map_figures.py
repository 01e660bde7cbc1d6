"""Where maps point, counted by hand, and maps of a bundle beside the boxes of photos and of people in clips."""

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

from edgeact.bundle.load import load_bundle
from edgeact.engine.graph import Graph
from tests.example_bundles import LABELS
from tests.toy_video import write_toy_video
from trainer.data.labelled_samples import LabelledSample
from trainer.evaluate.cut_clips import cut_clips
from trainer.evaluate.held_out import answer, picture_of
from trainer.evaluate.map_figures import BLOB, LocatedMap, locate_in_clips, locate_in_pictures, map_measures
from trainer.evaluate.report.figure_names import ACC2, HIT_POINT, MAX_BOX, POINTING
from trainer.precomputed.class_people import Track


def listed(items: object, _title: str) -> object:
    return items


def lit(rows: slice, columns: slice) -> np.ndarray:
    values = np.zeros((20, 20), np.float32)
    values[rows, columns] = 1.0
    return values


def test_measures_counted_by_hand() -> None:
    left, box = lit(slice(2, 12), slice(0, 10)), np.array([[0.0, 2.0, 9.0, 11.0]], np.float32)
    far = np.array([[12.0, 15.0, 19.0, 19.0]], np.float32)
    half = np.array([[0.0, 2.0, 9.0, 17.0]], np.float32)  # 10×16 cells, of which 100 are lit: .625
    located = [
        LocatedMap(left, box, 0, is_right=True),  # meets its box: right in everything
        LocatedMap(left, box, 0, is_right=False),  # the same, but the action is wrong
        LocatedMap(left, far, 1, is_right=True),  # misses
        LocatedMap(left, half, 2, is_right=True),
    ]
    measured = map_measures(located, clips=False)
    # Hits of the actions 0, 1 and 2: 1, 0 and 1. The first lit cell is (0, 2); .6 of a pixel around a box still counts.
    assert measured[POINTING] == pytest.approx(2 / 3)
    assert measured[HIT_POINT] == 0.75
    assert measured[ACC2] == 0.5  # the first and the last
    # At IoU .3 and .5 three of four, at .7 two of four.
    assert measured[MAX_BOX] == pytest.approx((0.75 + 0.75 + 0.5) / 3)
    # Of clips, at .05 to .5, three of four each time.
    assert map_measures(located, clips=True)[MAX_BOX] == pytest.approx(0.75)


def test_maps_of_photos_lie_where_the_graph_put_them(tmp_path: Path, example_bundle: Callable[[str], Path]) -> None:
    bundle = load_bundle(example_bundle("B"))
    cv2.imwrite(str(tmp_path / "a.png"), np.random.default_rng(0).integers(0, 255, (40, 80, 3), np.uint8))
    boxed = LabelledSample(tmp_path / "a.png", "test", 1, np.array([20.0, 10.0, 60.0, 30.0], np.float32))
    bare = LabelledSample(tmp_path / "a.png", "test", 1)
    (found,) = answer(bundle, [bare, boxed], LABELS, clips=False, progress=listed)
    located = locate_in_pictures(bundle, found, [bare, boxed], progress=listed)
    assert set(located) == {"human_map", "sam", "pam", BLOB}
    assert {len(maps) for maps in located.values()} == {1}  # of the photo with a box
    (sam,) = located["sam"]
    # 80×40 pixels fit into 64×64 at .8: the box is at 16 to 48 and 8 to 24, but for half a pixel of a resize.
    assert sam.boxes[0] == pytest.approx([16, 8, 48, 24], abs=0.2)
    graph = Graph(bundle, bundle.graph("scene"))
    values = graph.run(picture_of(boxed, graph.spec)[None]).named["sam"][0]
    assert sam.values == pytest.approx(cv2.resize(values, (64, 64)) / cv2.resize(values, (64, 64)).max(), abs=1e-5)
    assert (sam.label, sam.is_right) == (1, int(found.probability[1].argmax()) == 1)
    (blob,) = located[BLOB]
    assert not blob.values[32:].any()  # the grey below the photo
    assert abs(np.unravel_index(blob.values.argmax(), blob.values.shape) - np.array([15.5, 31.5])).max() <= 0.5
    assert locate_in_pictures(bundle, found, [bare], progress=listed) == {}
    of_persons = load_bundle(example_bundle("A"))
    heads = answer(of_persons, [boxed], LABELS, clips=False, progress=listed)
    assert locate_in_pictures(of_persons, heads[0], [boxed], progress=listed) == {}  # the crop is the box already


def test_maps_of_clips_are_beside_the_people_of_the_same_frames(
    tmp_path: Path, example_bundle: Callable[[str], Path]
) -> None:
    bundle = load_bundle(example_bundle("C"))
    sample = LabelledSample(write_toy_video(tmp_path / "a.mp4", seconds=1.2), "test", 1)
    (found,) = answer(bundle, [sample], LABELS, clips=True, progress=listed)
    cut = cut_clips(sample, bundle.graph("clip"))
    frames = cut.frames[3]  # of the clip in the middle
    # Somebody is found up to the fourth frame of the clip.
    seen = frames[:4]
    boxes = np.stack([np.array([10.0 + frame, 40, 40 + frame, 120], np.float32) for frame in seen])
    kept = [Track(np.zeros((len(seen), 13, 3)), boxes, seen)]
    located = locate_in_clips(bundle, found, [sample], lambda videos: [kept for _ in videos], progress=listed)
    maps = [name for name in located if name != BLOB]
    assert len(maps) == len(bundle.graph("explain").outputs)
    # Two frames later the track still says where the person is.
    assert 4 <= len(located[maps[0]]) <= 6
    # 320×240 fits into 48×48 at .15.
    assert located[maps[0]][0].boxes[0] == pytest.approx(0.15 * boxes[0], abs=0.5)
    explain = Graph(bundle, bundle.graph("explain")).run(cut.clips[3]).named[maps[0]][0]
    largest = explain[2].max()
    assert located[maps[0]][2].values == pytest.approx(explain[2] / largest if largest > 0 else explain[2], abs=1e-5)

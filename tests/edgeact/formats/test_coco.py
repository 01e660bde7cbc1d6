import contextlib
import io
import json
from pathlib import Path

import numpy as np
import pytest
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from edgeact.formats.coco import write_coco
from edgeact.results.load import load_results
from edgeact.skeleton import COCO_17
from tests.results import person, result, write_results


@pytest.fixture
def written(tmp_path: Path) -> Path:
    doubtful = person(8, confidence=0.2, action=False)
    doubtful.pose.joints[0] = np.nan
    frames = write_results(
        tmp_path, [result(0), result(1, persons=(person(7), doubtful)), result(4, persons=(person(7),))]
    )
    write_coco(load_results(frames), tmp_path / "clip.coco.json")
    return tmp_path / "clip.coco.json"


def read(path: Path) -> COCO:
    with contextlib.redirect_stdout(io.StringIO()):
        return COCO(str(path))


def test_pycocotools_reads_frames_persons_and_joints(written: Path) -> None:
    coco = read(written)
    images = coco.loadImgs(coco.getImgIds())
    assert [(image["file_name"], image["frame_index"]) for image in images] == [
        ("clip_000000.jpg", 0), ("clip_000001.jpg", 1), ("clip_000004.jpg", 4),
    ]  # fmt: skip
    assert {(image["width"], image["height"]) for image in images} == {(64, 48)}
    (category,) = coco.loadCats(coco.getCatIds(catNms=["person"]))
    assert category["keypoints"] == list(COCO_17.joints)
    assert category["skeleton"][0] == [6, 8]  # left shoulder to left elbow, from 1
    first, doubtful = coco.loadAnns(coco.getAnnIds(imgIds=2))
    assert (first["track_id"], first["action"], doubtful["action"]) == (7, "wave", None)
    assert first["bbox"] == [1.75, 3.0, 28.87, 37.5]  # from the corner of the pixel whose centre we count from
    assert first["keypoints"][3:6] == [1.33, 2.33, 2]
    assert first["num_keypoints"] == 17
    assert doubtful["keypoints"][:6] == [0, 0, 0, 1.33, 2.33, 1]
    assert doubtful["num_keypoints"] == 16
    assert len(coco.getAnnIds(imgIds=1)) == 0


def test_the_annotations_are_detections_that_pycocotools_evaluates(written: Path) -> None:
    coco = read(written)
    with contextlib.redirect_stdout(io.StringIO()):
        found = coco.loadRes(json.loads(written.read_text(encoding="utf-8"))["annotations"])
        evaluation = COCOeval(coco, found, "keypoints")
        evaluation.evaluate()
        evaluation.accumulate()
        evaluation.summarize()
    assert evaluation.stats[1] == pytest.approx(1.0)  # AP at OKS 0.5 of a result against itself

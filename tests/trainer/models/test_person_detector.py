"""The person detector gives what the published YOLOX-nano gives, and drops double boxes as a plain loop does."""

from pathlib import Path

import numpy as np
import onnxruntime
import pytest
import torch

from edgeact.errors import SourceFormatError, SourceNotFoundError
from edgeact.geometry import suppress_boxes
from trainer.models.person_detector import PersonDetector, decode, keep_best, load_yolox


@pytest.mark.data
def test_it_gives_what_the_published_network_gives(shared_folder: Path) -> None:
    path = shared_folder / "teachers/yolox_nano.onnx"
    network = PersonDetector().eval()
    load_yolox(network, path)
    image = torch.randint(0, 256, (1, 3, 416, 416), generator=torch.Generator().manual_seed(0)).float()
    published = onnxruntime.InferenceSession(str(path)).run(None, {"images": image.flip(1).numpy()})[0][0]
    with torch.no_grad():
        boxes, presence, person = network(image)
    np.testing.assert_allclose(torch.sigmoid(presence)[0], published[:, 4], atol=1e-5)
    np.testing.assert_allclose(torch.sigmoid(person)[0], published[:, 5], atol=1e-5)
    strides = np.repeat([8, 16, 32], [52 * 52, 26 * 26, 13 * 13])
    np.testing.assert_allclose(boxes[0, :, 2] - boxes[0, :, 0], np.exp(published[:, 2]) * strides, rtol=1e-3)


@pytest.mark.data
def test_weights_of_another_network_are_refused(shared_folder: Path, tmp_path: Path) -> None:
    with pytest.raises(SourceFormatError, match="YOLOX-nano has"):
        load_yolox(PersonDetector(), shared_folder / "teachers/tinypose_256x192.onnx")
    with pytest.raises(SourceNotFoundError, match="not found"):
        load_yolox(PersonDetector(), tmp_path / "none.onnx")


def test_double_boxes_are_dropped_as_a_loop_drops_them() -> None:
    rng = np.random.default_rng(0)
    for _ in range(20):
        low = rng.uniform(0, 60, (30, 2))
        boxes = np.concatenate([low, low + rng.uniform(20, 60, (30, 2))], 1).astype(np.float32)
        scores = np.sort(rng.uniform(0.1, 1, 30))[::-1].astype(np.float32)
        kept = keep_best(torch.from_numpy(boxes)[None], iou=0.5)[0].numpy().nonzero()[0]
        assert kept.tolist() == suppress_boxes(boxes, scores, iou=0.5).tolist()


def test_decoded_boxes_come_highest_score_first_and_hold_zeros_where_nobody_is() -> None:
    network = PersonDetector(width=8).eval()
    with torch.no_grad():
        boxes, scores = decode(*network(torch.rand(1, 3, 96, 128) * 255), iou=0.6)
    assert boxes.shape == (1, 100, 4)
    assert not boxes[scores == 0].any()

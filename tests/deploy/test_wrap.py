"""Networks as the runtime calls them."""

import numpy as np
import torch

from deploy.wrap import DetectorGraph, PoseGraph
from tests.deploy.networks import random_networks, random_samples
from trainer.evaluate.calibrate import ConfidenceFit
from trainer.fit_pose import to_input
from trainer.models.edge_pose import peak_soft_argmax, room_to_border
from trainer.models.person_detector import decode


def test_pictures_are_normalised_as_in_training() -> None:
    """Otherwise the graph would see another contrast than the network was trained on."""
    networks, crops = random_networks(action=False), random_samples().crops
    fit = ConfidenceFit(1.0, 0.0, np.zeros(21, np.float32))
    with torch.no_grad():
        joints, confidence, maps = PoseGraph(networks.pose, fit).eval()(crops)
        wanted, rise, wanted_maps = peak_soft_argmax(networks.pose(to_input(crops)))
    assert torch.allclose(joints, wanted, atol=1e-3)
    assert torch.allclose(maps, wanted_maps, atol=1e-5)
    assert torch.allclose(maps.sum((2, 3)), torch.ones(3, 21), atol=1e-4)
    assert torch.allclose(confidence, torch.sigmoid(rise), atol=1e-4)


def test_the_confidence_follows_each_joints_map_and_its_place() -> None:
    networks, crops = random_networks(action=False), random_samples().crops
    offset = np.linspace(-1.0, 1.0, 21, dtype=np.float32)
    with torch.no_grad():
        joints, confidence, _ = PoseGraph(networks.pose, ConfidenceFit(5.0, 2.0, offset)).eval()(crops)
        _, rise, _ = peak_soft_argmax(networks.pose(to_input(crops)))
    room = room_to_border(joints, networks.pose.size)
    assert room.std() > 0.02  # the joints differ in what the confidence is made of
    wanted = 5.0 * rise + 2.0 * room + torch.from_numpy(offset)
    np.testing.assert_allclose(torch.logit(confidence).numpy(), wanted.numpy(), atol=2e-3)


def test_boxes_are_those_of_the_decoder() -> None:
    networks = random_networks(action=False)
    for scene in random_samples().scenes:
        with torch.no_grad():
            boxes, scores = DetectorGraph(networks.detector, iou=0.6).eval()(scene)
            wanted, wanted_scores = decode(*networks.detector(scene.permute(0, 3, 1, 2).float()), iou=0.6)
        assert boxes.shape == (1, 100, 4)
        assert (scores[:, 0] > 0).all()
        assert torch.equal(scores, wanted_scores)
        assert torch.equal(boxes, wanted)
        left = scores[scores > 0]
        assert (left[:-1] >= left[1:]).all()
        assert 1 < len(left) < 100  # doubles were dropped

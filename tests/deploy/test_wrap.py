"""Networks as the runtime calls them."""

import numpy as np
import torch

from deploy.wrap import DetectorGraph, PoseGraph
from tests.deploy.networks import random_networks, random_samples
from trainer.calibrate import ConfidenceFit
from trainer.fit_pose import to_input
from trainer.models.edge_pose import peak_soft_argmax
from trainer.models.person_detector import decode

ONES, NOTHING = np.ones(21, np.float32), np.zeros(21, np.float32)


def test_pictures_are_normalised_as_in_training() -> None:
    """Otherwise the graph would see another contrast than the network was trained on."""
    networks, crops = random_networks(action=False), random_samples().crops
    with torch.no_grad():
        joints, confidence, maps = PoseGraph(networks.pose, ConfidenceFit(ONES, NOTHING, NOTHING)).eval()(crops)
        wanted, mass, wanted_maps = peak_soft_argmax(networks.pose(to_input(crops)))
    assert torch.allclose(joints, wanted, atol=1e-3)
    assert torch.allclose(maps, wanted_maps, atol=1e-5)
    assert torch.allclose(maps.sum((2, 3)), torch.ones(3, 21), atol=1e-4)
    # sigmoid(log m) = m / (1 + m)
    assert torch.allclose(confidence, mass / (1 + mass), atol=1e-4)


def test_the_confidence_follows_each_joints_map_and_those_of_the_whole_pose() -> None:
    networks, crops = random_networks(action=False), random_samples().crops
    own, pose, offset = (
        np.linspace(low, high, 21, dtype=np.float32) for low, high in ((0.5, 2.5), (0.1, 0.9), (-1.0, 1.0))
    )
    with torch.no_grad():
        _, confidence, _ = PoseGraph(networks.pose, ConfidenceFit(own, pose, offset)).eval()(crops)
        _, mass, _ = peak_soft_argmax(networks.pose(to_input(crops)))
    evidence = torch.log(mass).numpy()
    assert evidence.std() > 0.05  # the joints differ in what the confidence is made of
    wanted = own * evidence + pose * evidence.mean(1, keepdims=True) + offset
    np.testing.assert_allclose(torch.logit(confidence).numpy(), wanted, atol=2e-3)


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

"""Networks as the runtime calls them."""

import torch

from deploy.wrap import DetectorGraph, PoseGraph
from tests.deploy.networks import random_networks, random_samples
from trainer.fit_detector import to_input as scenes_to_input
from trainer.fit_pose import to_input as crops_to_input
from trainer.models.edge_detector import decode
from trainer.models.edge_pose import peak_soft_argmax


def test_pictures_are_normalised_as_in_training() -> None:
    """Otherwise the graph would see another contrast than the network was trained on."""
    networks, crops = random_networks(action=False), random_samples().crops
    with torch.no_grad():
        joints, confidence, maps = PoseGraph(networks.pose, torch.ones(21), torch.zeros(21)).eval()(crops)
        wanted, mass, wanted_maps = peak_soft_argmax(networks.pose(crops_to_input(crops)))
    assert torch.allclose(joints, wanted, atol=1e-3)
    assert torch.allclose(maps, wanted_maps, atol=1e-5)
    assert torch.allclose(maps.sum((2, 3)), torch.ones(3, 21), atol=1e-4)
    # sigmoid(log m) = m / (1 + m)
    assert torch.allclose(confidence, mass / (1 + mass), atol=1e-4)


def test_the_confidence_follows_slope_and_offset_of_each_joint() -> None:
    networks, crops = random_networks(action=False), random_samples().crops
    slope, offset = torch.linspace(0.5, 2.5, 21), torch.linspace(-1, 1, 21)
    with torch.no_grad():
        _, confidence, _ = PoseGraph(networks.pose, slope, offset).eval()(crops)
        _, mass, _ = peak_soft_argmax(networks.pose(crops_to_input(crops)))
    assert torch.allclose(torch.logit(confidence), slope * torch.log(mass) + offset, atol=1e-3)


def test_boxes_are_those_of_the_decoder() -> None:
    networks, scenes = random_networks(action=False), random_samples().scenes
    with torch.no_grad():
        torch.nn.init.constant_(networks.detector.centre.bias, 0.0)  # so that there are boxes at all
        boxes, scores = DetectorGraph(networks.detector).eval()(scenes)
        wanted, wanted_scores = decode(*networks.detector(scenes_to_input(scenes.numpy())))
    assert boxes.shape == (2, 100, 4)
    assert (scores[:, 0] > 0).all()
    assert torch.allclose(scores, wanted_scores, atol=1e-4)
    assert torch.allclose(boxes[:, 0], wanted[:, 0], atol=1e-2)
    assert (scores[:, :-1] >= scores[:, 1:]).all()

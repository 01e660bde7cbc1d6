"""Network A as a bundle: joints, parts and five opinions of a crop are those of the network itself."""

from itertools import product

import numpy as np
import torch
from torch.nn import functional

from deploy.export import round_weights
from deploy.samples import demo_pictures
from deploy.systems.body_part_aware import HEADS, heat_map_places
from edgeact.perception.parts import part_crops
from edgeact.skeleton import MPII_16
from edgeact.types import Pose
from tests.deploy.systems.graphs import ExampleBundle, manifest_of, run
from tests.example_bundles import seeded
from trainer.layers.pixels import IMAGENET, to_range
from trainer.models.body_part_aware import BodyPartAwareNetwork

CROPS = demo_pictures(3, height=128, width=128)


@torch.no_grad()
def test_the_graph_gives_what_the_network_gives(example_bundle: ExampleBundle) -> None:
    network = round_weights(seeded("A"))
    assert isinstance(network, BodyPartAwareNetwork)
    large = to_range(CROPS, IMAGENET)
    output = network(functional.avg_pool2d(large, 2), large)
    found = run(example_bundle("A"), "person", CROPS)
    opinions = {
        "image": output.image, "attention": output.attended, "parts": output.part, "concatenation": output.joined
    }  # fmt: skip
    for name, scores in opinions.items():
        assert np.abs(found[f"actions_{name}"] - scores.softmax(1).numpy()).max() < 1e-4
    three = [opinions[name].softmax(1) for name in ("image", "parts", "concatenation")]
    assert np.abs(found["actions_ensemble"] - torch.stack(three).mean(0).numpy()).max() < 1e-4  # section 4.4
    assert np.abs(found["confidence"] - output.heat_maps.amax((2, 3)).clamp(0, 1).numpy()).max() < 1e-4
    assert np.abs(found["part_boxes"] - (output.squares * 128 - 0.5).numpy()).max() < 0.01
    assert found["attention"].shape == (3, 16, 16)
    assert found["attention"].max() == 1
    assert np.ptp(found["joints"], axis=1).min() > 1


def test_its_part_boxes_are_those_that_the_runtime_would_cut(example_bundle: ExampleBundle) -> None:
    """Parts are cut around the highest cells; the joints lie up to a quarter cell beside them."""
    found = run(example_bundle("A"), "person", CROPS)
    for joints, boxes in zip(found["joints"], found["part_boxes"], strict=True):
        parts = part_crops(Pose(joints, np.ones(16, np.float32)), skeleton=MPII_16, threshold=0.5)
        assert [part.name for part in parts] == ["head", "right_hand", "left_hand"]
        for part, box in zip(parts, boxes, strict=True):
            assert np.abs(part.box - box).max() < 4  # cells are 8 pixels wide


def test_the_ensemble_is_shown_and_alone_makes_events(example_bundle: ExampleBundle) -> None:
    graph = manifest_of(example_bundle("A")).graphs[-1]
    assert tuple(head.name for head in graph.heads) == HEADS
    assert [head.name for head in graph.heads if head.events] == ["ensemble"]
    assert graph.skeleton is not None
    assert graph.skeleton.joints == MPII_16.joints
    assert graph.crop is not None


def test_a_peak_goes_a_quarter_cell_toward_its_higher_neighbour() -> None:
    maps = torch.zeros(1, 9, 5, 6)
    for index, (row, column) in enumerate(product((0, 2, 4), (0, 3, 5))):
        maps[0, index, row, column] = 1.0
        if column == 3:
            maps[0, index, row, 2] = 0.5  # to the left
        if row == 2:
            maps[0, index, 3, column] = 0.5  # below
    x, y = (heat_map_places(maps)[0] * torch.tensor([6.0, 5.0]) - 0.5).T.tolist()
    assert np.allclose(x, [0, 2.75, 5] * 3, atol=1e-5)
    assert np.allclose(y, [0, 0, 0, 2.25, 2.25, 2.25, 4, 4, 4], atol=1e-5)

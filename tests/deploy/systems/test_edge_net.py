"""Network F as a bundle: frames that are computed once, clips of them, and what in a clip decided."""

import numpy as np
import pytest
import torch

from deploy.export import round_weights
from deploy.samples import demo_pictures
from deploy.systems.edge_net import edge_graphs
from deploy.systems.system import ExportOptions
from edgeact.errors import UsageError
from edgeact.skeleton import BODY_21
from tests.deploy.systems.graphs import ExampleBundle, manifest_of, run
from tests.example_bundles import LABELS, SIDE, seeded
from trainer.attribution.feature_relevance import feature_relevance
from trainer.layers.pixels import SIGNED_UNIT, to_range
from trainer.models.edge_net import EdgeNetwork

WIDTH = SIDE * 3 // 4
CROPS = demo_pictures(8, height=SIDE, width=WIDTH)


def edge() -> EdgeNetwork:
    network = round_weights(seeded("F"))
    assert isinstance(network, EdgeNetwork)
    return network


@torch.no_grad()
def test_frames_one_by_one_give_what_the_whole_clip_gives(example_bundle: ExampleBundle) -> None:
    frames, actions = edge()(to_range(CROPS[None], SIGNED_UNIT))
    folder = example_bundle("F")
    found = [run(folder, "person", crop[None]) for crop in CROPS]
    features = torch.from_numpy(np.stack([np.concatenate([frame["features"] for frame in found])]))
    clip = run(folder, "clip", features)["actions"]
    assert np.abs(clip - actions.softmax(1).numpy()).max() < 1e-4
    joints = np.concatenate([frame["joints"] for frame in found])
    assert np.abs(joints - (frames.poses[..., :2].numpy() * [WIDTH, SIDE] - 0.5)).max() < 0.05
    root = BODY_21.index("pelvis")
    metres = np.concatenate([frame["joints_3d"] for frame in found])
    in_shares = (frames.poses - frames.poses[:, root : root + 1]).numpy()
    assert np.abs(metres - 2 * in_shares * [0.75, 1, 1]).max() < 1e-3
    still = np.concatenate([frame["actions_image"] for frame in found])
    assert np.abs(still - frames.still.scores.softmax(1).numpy()).max() < 1e-4


def test_relevance_is_that_of_autograd(example_bundle: ExampleBundle) -> None:
    folder, network = example_bundle("F"), edge().clip.requires_grad_(False)
    features = torch.from_numpy(run(folder, "person", CROPS)["features"])[None]
    wanted = feature_relevance(network, features.clone().requires_grad_(True)).detach().numpy()
    found = run(folder, "explain", features)["relevance"]
    assert found.shape == (1, 8, len(BODY_21.joints))
    assert wanted.max() > 0
    assert np.abs(found - wanted).max() < 0.02 * wanted.max()


def test_relevance_is_where_the_score_comes_from() -> None:
    """Of a network that reads one feature of one joint."""
    features = torch.zeros(1, 4, 3, 2)
    features[0, 2, 1, 0] = 4.0  # its mean over the clip is 1

    def network(values: torch.Tensor) -> torch.Tensor:
        total = 0.5 * values[:, :, 1, 0].sum(1)
        return torch.stack([total, -total], 1)

    found = feature_relevance(network, features.requires_grad_(True))
    assert found[0, 2, 1].item() == pytest.approx(0.5 * (4 - 1))
    assert found.sum().item() == pytest.approx(1.5)


def test_the_manifest_says_how_the_graphs_belong_together(example_bundle: ExampleBundle) -> None:
    _, clip, frame, explain = manifest_of(example_bundle("F")).graphs
    meanings = {"joints", "confidence", "joint_maps", "joints_3d", "human_map", "part_boxes", "features", "actions"}
    assert {tensor.meaning for tensor in frame.outputs} == meanings | {"attention"}
    assert [head.events for head in (*frame.heads, *clip.heads)] == [False, True]
    assert clip.clip == explain.clip
    assert explain.outputs[0].head == clip.heads[0].name


def test_a_side_that_the_strides_do_not_divide_is_refused() -> None:
    with pytest.raises(UsageError, match="side is 80, the crop's height"):
        edge_graphs(edge(), ExportOptions(labels=LABELS, side=80))

"""Network D as a bundle: the graph gives what the paper's equations give, read from the network itself."""

import numpy as np
import torch

from deploy.export import round_weights
from deploy.samples import demo_pictures
from tests.deploy.systems.graphs import ExampleBundle, largest_is_one, manifest_of, run
from tests.example_bundles import SIDE, seeded
from trainer.layers.pixels import IMAGENET, to_range
from trainer.models.attentional_pooling import AttentionalPoolingNetwork

PICTURES = demo_pictures(4, height=SIDE, width=SIDE)


@torch.no_grad()
def test_it_gives_probabilities_and_attention_of_the_predicted_action(example_bundle: ExampleBundle) -> None:
    network = round_weights(seeded("D"))
    assert isinstance(network, AttentionalPoolingNetwork)
    pooled = network(to_range(PICTURES, IMAGENET)).pooled
    found = run(example_bundle("D"), "scene", PICTURES)
    assert np.abs(found["actions"] - pooled.scores.softmax(1).numpy()).max() < 1e-4
    rows = torch.arange(len(PICTURES))
    top_down = pooled.top_down[rows, pooled.scores.argmax(1)].numpy()
    bottom_up = pooled.bottom_up[:, 0].numpy()
    assert np.abs(found["merged"] - largest_is_one(top_down * bottom_up)).max() < 1e-3
    sign = np.sign(bottom_up.sum((1, 2), keepdims=True))
    assert np.abs(found["top_down"] - largest_is_one(sign * top_down)).max() < 1e-3
    assert np.abs(found["bottom_up"] - largest_is_one(sign * bottom_up)).max() < 1e-3
    assert found["bottom_up"].max() == 1


def test_the_manifest_says_what_the_graph_is(example_bundle: ExampleBundle) -> None:
    (graph,) = manifest_of(example_bundle("D")).graphs
    assert (graph.scope, graph.horizon, graph.takes()) == ("scene", "frame", ("picture",))
    assert [tensor.name for tensor in graph.outputs] == ["actions", "top_down", "bottom_up", "merged"]

"""Network B as a bundle: the graph gives what the paper's equations give, read from the network itself."""

import numpy as np
import torch

from deploy.export import round_weights
from deploy.samples import demo_pictures
from tests.deploy.systems.graphs import ExampleBundle, largest_is_one, manifest_of, run
from tests.example_bundles import LABELS, SIDE, seeded
from trainer.layers.pixels import IMAGENET, to_range
from trainer.models.loss_guided import LossGuidedNetwork

PICTURES = demo_pictures(4, height=SIDE, width=SIDE)


@torch.no_grad()
def test_it_gives_probabilities_the_person_and_where_it_looked(example_bundle: ExampleBundle) -> None:
    network = round_weights(seeded("B"))
    assert isinstance(network, LossGuidedNetwork)
    output = network(to_range(PICTURES, IMAGENET))
    found = run(example_bundle("B"), "scene", PICTURES)
    assert np.abs(found["actions"] - output.scores.softmax(1).numpy()).max() < 1e-4  # measured: 1e-6
    maps, best = output.class_maps.numpy(), output.scores.argmax(1).numpy()
    assert np.abs(found["sam"] - largest_is_one(maps.sum(1))).max() < 1e-3
    pam = np.einsum("nc,nchw->nhw", network.classifier.weight.numpy()[best], maps)
    assert np.abs(found["pam"] - largest_is_one(pam)).max() < 1e-3
    assert np.abs(found["human_map"] - output.human[:, 0].clamp(0, 1).numpy()).max() < 1e-3
    assert np.ptp(found["human_map"]) > 0.01


def test_the_manifest_says_what_the_graph_is(example_bundle: ExampleBundle) -> None:
    (graph,) = manifest_of(example_bundle("B")).graphs
    assert (graph.scope, graph.horizon, graph.takes()) == ("scene", "frame", ("picture",))
    assert graph.inputs[0].shape == ("N", SIDE, SIDE, 3)
    assert graph.heads[0].labels == LABELS
    assert {tensor.head for tensor in graph.outputs if tensor.meaning == "attention"} == {graph.heads[0].name}


def test_a_single_picture_gives_what_a_batch_gives(example_bundle: ExampleBundle) -> None:
    together = run(example_bundle("B"), "scene", PICTURES)
    alone = run(example_bundle("B"), "scene", PICTURES[2:3])
    assert all(np.abs(values - together[name][2:3]).max() < 1e-3 for name, values in alone.items())


def test_parity_and_card_are_written_from_what_was_measured(example_bundle: ExampleBundle) -> None:
    folder = example_bundle("B")
    manifest, card = manifest_of(folder), (folder / "MODEL_CARD.md").read_text()
    rows = {row["output"]: row for row in manifest.parity["scene"]}
    assert set(rows) == {"actions", "human_map", "sam", "pam"}
    assert all(0 <= row["largest"] < 1e-3 for row in rows.values())
    assert f"{rows['pam']['largest']:.1e}" in card
    assert "`wave`, `walk`, `jump`, `other`" in card
    assert "Network B (loss_guided)" in card

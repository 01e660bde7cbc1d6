"""A network that starts from a bundle's graph says what the graph says, and learns on from there."""

from pathlib import Path

import numpy as np
import pytest
import torch

from deploy.export import export_onnx
from edgeact.bundle.load import packaged_bundle_path
from edgeact.errors import SourceFormatError
from tests.tiny_bundle import build_tiny_bundle
from trainer.inputs.action_clip import COMMON_MIRROR, spread_common
from trainer.models.action_weights import (
    fold_scales,
    judges_mirror_images,
    start_classifier,
    start_from_graph,
    temperature_of,
)
from trainer.models.edge_action import ClipNetwork, EdgeAction

GRAPH = packaged_bundle_path() / "action.onnx"


def some_clips(count: int = 6) -> np.ndarray:
    rng = np.random.default_rng(0)
    place = np.cumsum(rng.normal(0, 3, (count, 32, 13, 2)), 1) + rng.normal(0, 60, (count, 1, 13, 2)) + 200
    return np.concatenate([place, rng.uniform(0.3, 1, (count, 32, 13, 1))], -1).astype(np.float32)


def mirrored(clips: np.ndarray) -> np.ndarray:
    return clips[:, :, COMMON_MIRROR] * np.array([-1, 1, 1], np.float32)


def test_a_graph_that_judges_clips_with_their_mirror_images_is_known_by_its_answers(tmp_path: Path) -> None:
    assert judges_mirror_images(GRAPH, some_clips())
    plain = tmp_path / "action.onnx"
    torch.manual_seed(0)
    module = ClipNetwork(EdgeAction(5), temperature=0.1).eval()
    example = torch.from_numpy(spread_common(some_clips()))
    export_onnx(module, example, plain, input_name="features", output_names=["actions"], free=["N"])
    assert not judges_mirror_images(plain, some_clips())


def test_with_the_classifier_of_the_graph_it_is_the_graphs_network() -> None:
    import onnxruntime

    clips = some_clips()
    network = EdgeAction(27, mirror=COMMON_MIRROR)
    start_from_graph(network, GRAPH, clips)
    start_classifier(network, GRAPH, range(27))
    temperature = temperature_of(network, GRAPH, clips)
    with torch.no_grad():
        logits = network.eval()(torch.from_numpy(clips)).numpy()
        # In training mode the statistics are the batch's own, which are those that were spread.
        for module in network.modules():
            if isinstance(module, torch.nn.Dropout):
                module.p = 0.0
        both = torch.from_numpy(np.concatenate([clips, mirrored(clips)]))
        trained = network.train()(both).unflatten(0, (2, -1)).mean(0).numpy()
    assert trained == pytest.approx(logits, abs=0.02)
    session = onnxruntime.InferenceSession(GRAPH.read_bytes())
    (wanted,) = session.run(None, {"features": spread_common(clips)})
    # The graph gives probabilities of logits over a temperature, which is written nowhere.
    assert torch.softmax(torch.from_numpy(logits) / temperature, -1).numpy() == pytest.approx(wanted, abs=5e-3)


def test_a_new_action_begins_a_little_below_other() -> None:
    clips, known, more = some_clips(), EdgeAction(27), EdgeAction(28)
    start_from_graph(known, GRAPH, clips)
    start_classifier(known, GRAPH, range(27))
    start_from_graph(more, GRAPH, clips)
    start_classifier(more, GRAPH, [*range(26), 27])
    with torch.no_grad():
        before, after = (network.eval()(torch.from_numpy(clips)).numpy() for network in (known, more))
    assert after[:, [*range(26), 27]] == pytest.approx(before, abs=1e-4)
    assert after[:, 26] == pytest.approx(before[:, 26] - 2, abs=1e-4)


def test_scales_of_normalisations_move_into_the_weights_and_nothing_else_changes() -> None:
    clips, network = some_clips(), EdgeAction(27)
    start_from_graph(network, GRAPH, clips)
    rng = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for module in network.modules():
            if isinstance(module, torch.nn.BatchNorm1d):
                module.weight.mul_(torch.rand(module.weight.shape, generator=rng) + 0.5)
        before = network.eval()(torch.from_numpy(clips))
        fold_scales(network)
        after = network(torch.from_numpy(clips))
    assert after.numpy() == pytest.approx(before.numpy(), abs=1e-3)
    norm = network.stem_norm
    assert norm.weight.detach().numpy() == pytest.approx(torch.sqrt(norm.running_var + norm.eps).numpy())


def test_another_graph_is_refused(tmp_path: Path) -> None:
    graph = build_tiny_bundle(tmp_path / "bundle") / "action.onnx"
    with pytest.raises(SourceFormatError, match=r"no weights for stem.*--from-scratch"):
        start_from_graph(EdgeAction(3), graph, some_clips())

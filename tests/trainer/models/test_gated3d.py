"""System C's gates by hand, on a small backbone; export, learning, and that a gated network can be explained."""

from pathlib import Path

import pytest
import torch
from torch import nn
from torch.nn import functional

from deploy.export import export_onnx, round_weights
from deploy.parity import check_parity
from tests.trainer.attribution.toy import Toy
from trainer.attribution.cam3d import cam3d
from trainer.attribution.gradients import layer_gradients
from trainer.models.gated3d import Gate, GatedNetwork, LayerSize

SIZES = {"first": LayerSize(4, 4), "second": LayerSize(5, 4)}


def clips(count: int = 2, seed: int = 1) -> torch.Tensor:
    return torch.randn(count, 3, 4, 8, 8, generator=torch.Generator().manual_seed(seed))


def network(layers: tuple[str, ...] = ("first", "second")) -> GatedNetwork:
    torch.manual_seed(0)
    return GatedNetwork(Toy(), 3, {name: SIZES[name] for name in layers})


def test_a_gate_by_hand() -> None:
    gate = Gate(LayerSize(2, 4), 3)
    layer = torch.randn(1, 2, 4, 2, 3, generator=torch.Generator().manual_seed(0))
    pooled = []
    for channel in range(2):
        for pair in range(2):  # four frames, two by two
            cells = [
                max(0.0, layer[0, channel, 2 * pair + f, y, x].item())
                for f in range(2)
                for y in range(2)
                for x in range(3)
            ]
            pooled.append(sum(cells) / 12)
    expected = gate.fc.weight @ torch.tensor(pooled) + gate.fc.bias
    assert torch.allclose(gate(layer)[0], expected, atol=1e-6)


def test_sizes_of_the_fully_connected_layers() -> None:
    assert Gate(LayerSize(64, 8), 51).fc.in_features == 64 * 4
    assert Gate(LayerSize(2048, 1), 51).fc.in_features == 2048  # one frame cannot be halved
    assert Gate(LayerSize(8, 5), 51).fc.in_features == 16  # an odd last frame is left out


@pytest.mark.parametrize("layers", [("first",), ("second",), ("first", "second")])
def test_scores_are_the_backbones_plus_those_of_the_chosen_layers(layers: tuple[str, ...]) -> None:
    model = network(layers).eval()
    maps, scores = model(clips())
    _, own = model.backbone(clips())
    expected = own + sum(model.gates[name](maps[name]) for name in layers)
    assert torch.allclose(scores, expected, atol=1e-6)
    assert list(model.gates) == list(layers)


def test_every_parameter_learns() -> None:
    model = network()
    functional.cross_entropy(model(clips())[1], torch.tensor([0, 2])).backward()
    assert all(parameter.grad is not None and parameter.grad.abs().sum() > 0 for parameter in model.parameters())


def test_it_learns_eight_clips_by_heart() -> None:
    model, inputs, labels = network(), clips(8), torch.arange(8) % 3
    optimizer = torch.optim.Adam(model.parameters(), 1e-2)
    for _ in range(80):
        loss = functional.cross_entropy(model(inputs)[1], labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert (model(inputs)[1].argmax(1) == labels).all()


def test_a_gated_network_is_explained_as_it_is() -> None:
    maps = cam3d(network().eval(), clips())
    assert list(maps) == ["first", "second"]
    assert maps["first"].shape == (2, 4, 8, 8)


def test_a_gate_tells_frames_apart() -> None:
    """To a classifier over the mean of all cells, all of a channel count alike; the gate adds a weight for each pair of
    frames.
    """
    model = network().eval()
    plain = layer_gradients(model.backbone, clips(), label=1, layers=["second"])
    gated = layer_gradients(model, clips(), label=1, layers=["second"])
    ungated, active = plain.gradients["second"], plain.activations["second"] > 0
    assert torch.allclose(ungated, ungated[:, :, :1, :1, :1].expand_as(ungated), atol=1e-8)
    weights = model.gates["second"].fc.weight[1].detach().reshape(5, 2)  # of five channels and two pairs
    cells = 2 * ungated.shape[3] * ungated.shape[4]  # that are averaged into one
    added = weights.repeat_interleave(2, 1)[None, :, :, None, None] / cells * active
    assert torch.allclose(gated.gradients["second"], ungated + added, atol=1e-7)
    assert (weights[:, 0] - weights[:, 1]).abs().min() > 1e-3


def test_the_graph_gives_what_the_network_gives(tmp_path: Path) -> None:
    class Plain(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.network = network()

        def forward(self, inputs: torch.Tensor) -> torch.Tensor:
            return self.network(inputs)[1]

    module = round_weights(Plain().eval())
    export_onnx(module, clips(), tmp_path / "c.onnx", input_name="clips", output_names=["scores"], free="N")
    (found,) = check_parity(module, tmp_path / "c.onnx", [clips(3, seed=5), clips(1, seed=6)], output_names=["scores"])
    assert found.largest < 1e-4


def test_what_does_not_fit_is_named() -> None:
    model = network()
    with pytest.raises(ValueError, match="made for 4 channels and 4 frames, the layer gives 4 and 6"):
        model(torch.zeros(1, 3, 6, 8, 8))
    with pytest.raises(ValueError, match="no layer is to be gated"):
        GatedNetwork(Toy(), 3, {})
    with pytest.raises(ValueError, match="no layer third; it gives first, second"):
        GatedNetwork(Toy(), 3, {"third": LayerSize(5, 4)})(clips())

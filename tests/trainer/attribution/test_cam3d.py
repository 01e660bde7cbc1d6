"""3DCAM and its relatives against brute force, and that maps follow what moves."""

import pytest
import torch
from torch import nn

from tests.trainer.attribution.test_upsample import by_hand
from tests.trainer.attribution.toy import Toy
from trainer.attribution.cam3d import average_cam3d, cam3d, sum_cam3d
from trainer.attribution.gradients import layer_gradients


def clip(batch: int = 1, seed: int = 3) -> torch.Tensor:
    return torch.randn(batch, 3, 4, 6, 8, generator=torch.Generator().manual_seed(seed))


def brute_force(alpha: torch.Tensor, beta: torch.Tensor, size: tuple[int, ...]) -> torch.Tensor:
    """Eq. 1 and 2 for one sample, loop by loop; β and α are (C, T, H, W). A β that is negative everywhere speaks for
    nothing.
    """
    summed_beta = sum(beta[c] for c in range(len(beta)))
    summed_alpha = sum(alpha[c] for c in range(len(alpha)))
    assert isinstance(summed_beta, torch.Tensor)
    assert isinstance(summed_alpha, torch.Tensor)
    b, a = by_hand(summed_beta, size), by_hand(summed_alpha, size)
    return torch.zeros(size) if b.max() <= 0 else (b / b.max()).clamp_min(0) * (a / a.max()).clamp_min(0)


@pytest.mark.parametrize("clips", [True, False], ids=["3DCAM of clips", "2DCAM of pictures"])
def test_each_layer_by_brute_force(clips: bool) -> None:
    network, inputs = Toy(clips=clips, seed=5).eval(), clip() if clips else clip()[:, :, 0]
    shown = []
    for label in range(3):
        found = layer_gradients(network, inputs, label=label)
        cams = cam3d(network, inputs, label=label)
        assert list(cams) == ["first", "second"]
        for name, cam in cams.items():
            expected = brute_force(found.activations[name][0], found.gradients[name][0], tuple(inputs.shape[2:]))
            assert cam.shape == (1, *inputs.shape[2:])
            assert torch.allclose(cam[0], expected, atol=1e-5)
            shown += [name] if cam.max() > 0 else []
            assert cam.min() >= 0
            assert cam.max() <= 1
    # Behind the last layer all cells count alike: there β is one number, and a class that it is negative for has no map
    # of that layer.
    assert shown.count("first") == 3
    assert 0 < shown.count("second") < 3


def test_sum_and_average_of_layers() -> None:
    network, inputs = Toy().eval(), clip(2)
    cams = cam3d(network, inputs)
    total = cams["first"] + cams["second"]
    assert torch.allclose(sum_cam3d(network, inputs), total)
    assert torch.allclose(average_cam3d(network, inputs), total / 2)


def test_sums_of_chosen_layers() -> None:
    network, inputs = Toy().eval(), clip(2)
    cams = cam3d(network, inputs)
    for function in (sum_cam3d, average_cam3d):  # of one layer, both are that layer's own
        assert torch.equal(function(network, inputs, layers=["first"]), cams["first"])
        assert torch.equal(
            function(network, inputs, layers=["second"], label=1), cam3d(network, inputs, label=1)["second"]
        )
    assert torch.allclose(sum_cam3d(network, inputs, layers=("second", "first")), cams["first"] + cams["second"])
    assert list(cam3d(network, inputs, layers=("second", "first"))) == ["first", "second"]
    with pytest.raises(ValueError, match="there is no layer third, conv; the network gives first, second"):
        sum_cam3d(network, inputs, layers=["third", "first", "conv"])
    with pytest.raises(ValueError, match="no layer is named; the network gives first, second"):
        average_cam3d(network, inputs, layers=[])


def test_the_highest_class_is_explained_unless_another_is_asked_for() -> None:
    network, inputs = Toy().eval(), clip()
    best = int(network(inputs)[1].argmax())
    assert torch.equal(sum_cam3d(network, inputs), sum_cam3d(network, inputs, label=best))
    assert not torch.allclose(sum_cam3d(network, inputs), sum_cam3d(network, inputs, label=(best + 1) % 3))


def test_a_counterfactual_explains_the_negated_score() -> None:
    network, inputs = Toy().eval(), clip()

    def negated(x: torch.Tensor) -> tuple[dict[str, torch.Tensor], torch.Tensor]:
        maps, scores = network(x)
        return maps, -scores

    against = cam3d(network, inputs, label=0, counterfactual=True)
    expected = cam3d(negated, inputs, label=0)
    for name in against:
        assert torch.allclose(against[name], expected[name])
    assert not torch.allclose(against["second"], cam3d(network, inputs, label=0)["second"])


class Spot(nn.Module):
    """Scores the red of a clip; its one layer halves every axis."""

    def forward(self, x: torch.Tensor) -> tuple[dict[str, torch.Tensor], torch.Tensor]:
        pooled = torch.nn.functional.avg_pool3d(x[:, :1], 2)
        return {"layer": pooled}, torch.stack([pooled.square().sum((1, 2, 3, 4)), torch.zeros(len(x))], -1)


def test_the_map_follows_what_moves_frame_by_frame() -> None:
    inputs = torch.zeros(1, 3, 8, 16, 16)
    for frame in range(8):
        inputs[0, 0, frame, 6:8, 2 * frame : 2 * frame + 2] = 1.0
    cam = cam3d(Spot(), inputs)["layer"][0]
    columns = cam.sum(1).argmax(1).tolist()
    assert columns == sorted(columns)
    assert all(
        abs(column - (2 * frame + 0.5)) <= 2.5 for frame, column in enumerate(columns)
    )  # a cell covers two frames and two columns
    assert all(int(cam[frame].sum(1).argmax()) in (5, 6, 7, 8) for frame in range(8))
    assert not torch.allclose(cam[0], cam[-1])


def test_labels_of_each_sample() -> None:
    network, inputs = Toy().eval(), clip(2)
    both = sum_cam3d(network, inputs, label=torch.tensor([2, 0]))
    assert torch.allclose(both[0], sum_cam3d(network, inputs[:1], label=2)[0], atol=1e-6)
    assert torch.allclose(both[1], sum_cam3d(network, inputs[1:], label=0)[0], atol=1e-6)
    with pytest.raises(ValueError, match="classes"):
        sum_cam3d(network, inputs, label=7)

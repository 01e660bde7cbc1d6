"""The gradients of layers against finite differences, and that nothing is left behind in the network."""

import pytest
import torch

from tests.trainer.attribution.toy import Toy
from trainer.attribution.gradients import chosen_score, layer_gradients


def test_gradients_equal_finite_differences() -> None:
    network = Toy().double()
    clip = torch.randn(1, 3, 2, 6, 6, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    found = layer_gradients(network, clip, label=1)
    step = 1e-6
    for name, tail in (
        ("second", network.after_second),
        ("first", lambda alpha: network.after_second(network.after_first(alpha))),
    ):
        alpha = found.activations[name]
        with torch.no_grad():
            for cell in range(0, alpha.numel(), 7):
                up, down = alpha.flatten().clone(), alpha.flatten().clone()
                up[cell] += step
                down[cell] -= step
                slope = (tail(up.view_as(alpha))[0, 1] - tail(down.view_as(alpha))[0, 1]) / (2 * step)
                assert found.gradients[name].flatten()[cell].item() == pytest.approx(slope.item(), abs=1e-8)


def test_nothing_is_left_in_the_network() -> None:
    network = Toy().eval().requires_grad_(False)
    clip = torch.randn(2, 3, 2, 6, 6)
    with torch.no_grad():
        found = layer_gradients(network, clip)
    assert not clip.requires_grad
    assert all(parameter.grad is None and not parameter.requires_grad for parameter in network.parameters())
    assert all(not module._forward_hooks and not module._backward_hooks for module in network.modules())
    assert not any(
        value.requires_grad for value in (*found.activations.values(), *found.gradients.values(), found.scores)
    )


def test_samples_of_a_batch_do_not_touch_each_other() -> None:
    network, clips = Toy().eval(), torch.randn(3, 3, 2, 6, 6)
    together = layer_gradients(network, clips)
    for index in range(3):
        alone = layer_gradients(network, clips[index : index + 1])
        assert torch.allclose(together.gradients["first"][index], alone.gradients["first"][0], atol=1e-7)


def test_which_class_is_explained() -> None:
    scores = torch.tensor([[0.1, 0.9, 0.2], [3.0, 1.0, 2.0]])
    assert chosen_score(scores, None).tolist() == pytest.approx([0.9, 3.0])
    assert chosen_score(scores, 2).tolist() == pytest.approx([0.2, 2.0])
    assert chosen_score(scores, torch.tensor([0, 2])).tolist() == pytest.approx([0.1, 2.0])
    for wrong in (3, -1):  # −1 is `MISSING`, not the last class
        with pytest.raises(ValueError, match=f"label is {wrong}, the network has 3 classes; give one of 0 to 2"):
            chosen_score(scores, wrong)
        with pytest.raises(ValueError, match=f"label is {wrong}, the network has 3 classes; give one of 0 to 2"):
            chosen_score(scores, torch.tensor([0, wrong]))
    with pytest.raises(ValueError, match="there are 2 samples"):
        chosen_score(scores, torch.tensor([0]))


def test_only_the_chosen_layers_are_asked() -> None:
    network, clip = Toy().eval(), torch.randn(1, 3, 2, 6, 6)
    every, one = layer_gradients(network, clip), layer_gradients(network, clip, layers=["second"])
    assert list(one.activations) == list(one.gradients) == ["second"]
    assert torch.equal(one.gradients["second"], every.gradients["second"])


def test_a_layer_that_does_not_reach_the_scores_is_named() -> None:
    network = Toy()

    def broken(inputs: torch.Tensor) -> tuple[dict[str, torch.Tensor], torch.Tensor]:
        maps, scores = network(inputs)
        return {**maps, "aside": inputs * 2}, scores

    with pytest.raises(ValueError, match="'aside'"):
        layer_gradients(broken, torch.randn(1, 3, 2, 6, 6))
    assert layer_gradients(broken, torch.randn(1, 3, 2, 6, 6), layers=["first"]).gradients["first"].any()

"""GradCAM and CAM by hand, and what they have in common."""

import pytest
import torch

from tests.trainer.attribution.toy import Toy
from trainer.attribution.gradcam import cam, gradcam, sum_gradcam
from trainer.attribution.gradients import layer_gradients
from trainer.attribution.upsample import over_maximum, upsample


def clip() -> torch.Tensor:
    return torch.randn(1, 3, 4, 6, 8, generator=torch.Generator().manual_seed(3))


def test_gradcam_by_hand() -> None:
    network, inputs = Toy().eval(), clip()
    found = layer_gradients(network, inputs, label=2)
    for name, values in gradcam(network, inputs, label=2).items():
        alpha, gradient = found.activations[name][0], found.gradients[name][0]
        total = torch.zeros(alpha.shape[1:])
        for channel in range(len(alpha)):
            total += gradient[channel].mean() * alpha[channel]
        expected = over_maximum(upsample(total.clamp_min(0)[None], (4, 6, 8)))
        assert torch.allclose(values, expected, atol=1e-6)


def test_cam_of_a_network_that_averages_and_classifies_is_gradcam_before_the_cut() -> None:
    # There, the gradient of a class's score is the classifier's weight over the number of cells (Selvaraju et al.,
    # section 3.1).
    network, inputs = Toy().eval(), clip()
    maps, scores = network(inputs)
    labels = scores.argmax(1)
    found = cam(maps["second"].detach(), network.classifier.weight.detach(), (4, 6, 8), labels=labels)
    by_hand = sum(network.classifier.weight[labels[0], c] * maps["second"][0, c] for c in range(5))
    assert isinstance(by_hand, torch.Tensor)
    assert torch.allclose(found[0], upsample(by_hand[None], (4, 6, 8))[0], atol=1e-6)
    cut = cam(
        maps["second"].detach(), network.classifier.weight.detach(), tuple(maps["second"].shape[2:]), labels=labels
    ).clamp_min(0)
    assert torch.allclose(gradcam(network, inputs)["second"], over_maximum(upsample(cut, (4, 6, 8))), atol=1e-5)


def test_sum_of_layers() -> None:
    network, inputs = Toy().eval(), clip()
    maps = gradcam(network, inputs)
    assert torch.allclose(sum_gradcam(network, inputs), maps["first"] + maps["second"])
    assert torch.equal(sum_gradcam(network, inputs, layers=["second"]), maps["second"])
    with pytest.raises(ValueError, match="there is no layer last; the network gives first, second"):
        sum_gradcam(network, inputs, layers=["last"])

"""An EfficientNet-Lite in two: together the parts are the whole, and only the upper one learns."""

import torch

from trainer.models.efficientnet_lite import EfficientNetLite
from trainer.models.split_lite import LowerBlocks, UpperBlocks, rejoined


def test_both_parts_together_are_the_network() -> None:
    torch.manual_seed(0)
    network, images = EfficientNetLite(classes=0).eval(), torch.randn(1, 3, 64, 64)
    lower, upper = LowerBlocks(network, 14), UpperBlocks(network, 14).eval()
    with torch.no_grad():
        maps = lower(images)
        assert maps.shape == (1, lower.channels, 2, 2)
        torch.testing.assert_close(upper(network.lower(images, 14)), network.maps(images)["head"])
        # The lower part may be computed in bfloat16, which keeps three digits.
        assert torch.nn.functional.cosine_similarity(maps.flatten(), network.lower(images, 14).flatten(), dim=0) > 0.999


def test_weights_learn_and_the_normalisation_keeps_its_mean() -> None:
    torch.manual_seed(0)
    network = EfficientNetLite(classes=0)
    upper = UpperBlocks(network, 15).train()
    mean, weight = upper.head_norm.running_mean.clone(), network.head.weight.detach().clone()
    optimizer = torch.optim.SGD(upper.parameters(), lr=0.1)
    upper(torch.randn(4, 192, 2, 2)).mean().backward()
    optimizer.step()
    assert torch.equal(upper.head_norm.running_mean, mean)
    assert not torch.equal(upper.head.weight, weight)
    assert torch.equal(network.head.weight, weight)  # every training starts from the published weights


def test_blocks_that_learnt_become_part_of_the_whole_again() -> None:
    torch.manual_seed(0)
    network, images = EfficientNetLite(classes=0).eval(), torch.randn(1, 3, 64, 64)
    upper, before = UpperBlocks(network, 14).eval(), network.maps(images)["head"]
    with torch.no_grad():
        for parameter in upper.parameters():
            parameter.mul_(1.1)
        whole = rejoined(network, upper).eval()
        torch.testing.assert_close(whole.maps(images)["head"], upper(network.lower(images, 14)))
        torch.testing.assert_close(network.maps(images)["head"], before)  # the published network stays as it was

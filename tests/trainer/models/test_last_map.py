"""A backbone whose first blocks stay as published."""

import pytest
import torch

from tests.example_bundles import small_resnet
from trainer.models.efficientnet_lite import EfficientNetLite
from trainer.models.last_map import LastMap


def test_fixed_blocks_do_not_learn_and_the_others_do() -> None:
    torch.manual_seed(0)
    network = EfficientNetLite(classes=0)
    free, fixed = LastMap(network).eval(), LastMap(network, fixed_blocks=15)
    images = torch.randn(2, 3, 32, 32)
    with torch.no_grad():
        wanted = free(images)
    assert torch.allclose(fixed.train()(images), wanted, atol=1e-5)  # the normalisation keeps its statistics
    fixed(images).sum().backward()
    learning = {name for name, value in fixed.named_parameters() if value.grad is not None}
    assert learning == {name for name, value in fixed.named_parameters() if value.requires_grad}
    assert {".".join(name.split(".")[:3]) for name in learning if ".blocks." in name} == {"network.blocks.15"}


def test_another_network_has_no_fixed_blocks() -> None:
    with pytest.raises(ValueError, match="fixed_blocks is 2; it is of an EfficientNet-Lite"):
        LastMap(small_resnet(), fixed_blocks=2)

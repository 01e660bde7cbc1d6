"""The Lite-HRNet without shuffles: the same function, and a narrower one."""

import pytest
import torch

from trainer.models.lite_hrnet import LiteHRNet
from trainer.models.slim_hrnet import PUBLISHED, SLIM, SlimHRNet, rewrite

IMAGES = (2, 3, 64, 32)


@pytest.fixture(scope="module")
def published() -> LiteHRNet:
    torch.manual_seed(0)
    return LiteHRNet().eval()


def test_without_shuffles_it_is_the_same_function(published: LiteHRNet) -> None:
    images = torch.randn(IMAGES)
    with torch.no_grad():
        wanted, found = published(images), rewrite(published).eval()(images)
    assert wanted.abs().max() > 1e-3
    assert torch.allclose(found, wanted, atol=1e-5)


def test_as_an_onnx_convolution_the_kept_channels_are_the_same(published: LiteHRNet) -> None:
    network, images = rewrite(published).eval(), torch.randn(IMAGES)
    exported = torch.export.export(network, (images,)).module()
    with torch.no_grad():
        assert torch.allclose(exported(images), network(images), atol=1e-6)


def test_a_slim_network_keeps_the_branches_and_mixes_fewer_channels() -> None:
    assert SLIM.branches == PUBLISHED.branches
    assert all(middle < published for middle, published in zip(SLIM.hidden, PUBLISHED.hidden, strict=True))
    assert SlimHRNet().eval()(torch.randn(IMAGES)).shape == (2, SLIM.branches[0], 16, 8)

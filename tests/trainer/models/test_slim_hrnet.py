"""The Lite-HRNet without shuffles: the same function, and what is left after pruning."""

import pytest
import torch

from trainer.models.lite_hrnet import LiteHRNet
from trainer.models.slim_hrnet import PUBLISHED, SLIM, SlimHRNet, Widths, channel_groups, channel_worth, prune, rewrite

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


def test_channels_that_change_nothing_are_removed_first(published: LiteHRNet) -> None:
    """The network's own function stays when only channels are removed that nothing reads or writes."""
    network = rewrite(published).eval()
    torch.manual_seed(1)
    layers = list(channel_groups(network))
    # A path over two halvings has as many channels in its middle as the branch that it starts from.
    narrower = {"branch 1", *(group for _, _, group in layers if group.startswith("path 3<1"))}
    dead = {group: torch.randperm(80)[:10] for group in narrower} | {"hidden 3 of 2.1.0": torch.arange(20)}
    with torch.no_grad():
        for layer, _, writes in layers:
            if writes in dead:
                weight = layer.kept if hasattr(layer, "kept") else layer.weight
                weight[dead[writes]] = 0
                if hasattr(layer, "bias"):
                    layer.bias[dead[writes]] = 0
    images = torch.randn(IMAGES)
    worth = channel_worth(network, ((network(images) ** 2).mean() for _ in range(2)))
    for group, channels in dead.items():
        assert worth[group][channels].max() == 0
        # Channels that these few pixels do not excite are worth nothing either, but their bias reaches what follows.
        worth[group][:] = 1
        worth[group][channels] = 0
    widths = Widths((40, 70, 160, 320), PUBLISHED.hidden)
    narrow, features = prune(network, worth, widths, light=False)
    assert features.tolist() == list(range(40))
    with torch.no_grad():
        assert torch.allclose(narrow.eval()(images), network(images), atol=1e-5)


def test_a_slim_network_keeps_the_branches_and_mixes_fewer_channels() -> None:
    assert SLIM.branches == PUBLISHED.branches
    assert all(middle < published for middle, published in zip(SLIM.hidden, PUBLISHED.hidden, strict=True))
    assert SlimHRNet().eval()(torch.randn(IMAGES)).shape == (2, SLIM.branches[0], 16, 8)

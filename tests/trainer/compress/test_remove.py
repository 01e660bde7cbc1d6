"""A network without channels is the same function as one in which they are zero, whatever it is made of."""

import copy

import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from torch import nn

from edgeact.errors import BundleError, SourceFormatError
from tests.trainer.compress.small_networks import BLOCKS, PICTURES, Chain, with_statistics
from trainer.compress.channels import ChannelGroup, find_channels
from trainer.compress.remove import check_removed, load_narrow, mask_channels, remove_channels
from trainer.models.edge_action import EdgeAction
from trainer.models.pose_action_pyramid import TINY, PoseActionPyramid


def random_choice(groups: tuple[ChannelGroup, ...], seed: int) -> dict[str, torch.Tensor]:
    """Some channels of each group, at least one, and not all."""
    generator = torch.Generator().manual_seed(seed)
    kept = {}
    for group in groups:
        kept[group.name] = torch.rand(group.count, generator=generator) < 0.6
        kept[group.name][0] = True
        kept[group.name][-1] = group.count == 1
    return kept


def narrowed(network: nn.Module, inputs: tuple[torch.Tensor, ...], seed: int = 0) -> tuple[nn.Module, nn.Module]:
    """Copies of a network without random channels, and with these channels at zero."""
    groups = find_channels(network, inputs).groups
    kept = random_choice(groups, seed)
    narrow, masked = copy.deepcopy(network), copy.deepcopy(network)
    remove_channels(narrow, groups, kept)
    mask_channels(masked, groups, kept)
    return narrow, masked


def size(network: nn.Module) -> int:
    return sum(parameter.numel() for parameter in network.parameters())


# 1e-6 was found over a few hundred drawn networks.
@settings(max_examples=8, deadline=None)
@given(
    kinds=st.lists(st.sampled_from(BLOCKS), min_size=1, max_size=4),
    flattened=st.booleans(),
    seed=st.integers(0, 1000),
)
def test_whatever_blocks_follow_each_other_removed_is_the_same_as_zero(
    kinds: list[str], flattened: bool, seed: int
) -> None:
    torch.manual_seed(seed)
    network = with_statistics(Chain(kinds, flattened=flattened))
    with torch.no_grad():  # a network whose last units are all off says the same of every picture, with any channels
        assume(not torch.allclose(*network(PICTURES), atol=1e-5))
    narrow, masked = narrowed(network, (PICTURES,), seed)
    assert size(narrow) < size(network)
    with torch.no_grad():
        wanted = masked(PICTURES)
        assert torch.allclose(narrow(PICTURES), wanted, atol=1e-5 * max(1.0, float(wanted.abs().max())))
        assert not torch.allclose(network(PICTURES), wanted, atol=1e-5)
    # What is left can be traced, trained and pruned again.
    assert find_channels(narrow, (PICTURES,)).groups
    narrow.train()(PICTURES).sum().backward()


def test_a_network_of_joints_and_one_of_pictures_and_clips_lose_channels() -> None:
    """The compact action network, and paper E's pyramids with depthwise convolutions, normalisation first, additions
    across levels and features that are read at joints.
    """
    torch.manual_seed(0)
    joints, clips = torch.rand(2, 32, 13, 3), torch.rand(2, 3, 4, 16, 16)
    for network, inputs in ((EdgeAction(3, width=16), joints), (PoseActionPyramid(TINY), clips)):
        narrow, masked = narrowed(with_statistics(network), (inputs,))
        assert check_removed(narrow, masked, (inputs,)) < 1e-5
        assert size(narrow) < 0.8 * size(network)


def test_the_two_graphs_of_a_narrower_pyramid_say_what_the_whole_says() -> None:
    """A frame keeps for its clips what the narrower network has, and the clip finds it there."""
    torch.manual_seed(0)
    clips = torch.rand(2, 3, 4, 16, 16)
    network, _ = narrowed(with_statistics(PoseActionPyramid(TINY)), (clips,))
    assert isinstance(network, PoseActionPyramid)
    with torch.no_grad():
        frames = [network.frame(clips[:, :, time])[2] for time in range(4)]
        found = network.clip(torch.stack([frame for frame in frames if frame is not None], 1))
        wanted = network(clips)[-1].actions
    assert wanted is not None
    assert torch.allclose(found, wanted, atol=1e-5)


def test_modules_say_their_new_sizes() -> None:
    network = with_statistics(Chain(["separable"]))
    groups = {group.name: group for group in find_channels(network, (PICTURES,)).groups}
    kept = {name: torch.arange(group.count) % 2 == 0 for name, group in groups.items()}
    remove_channels(network, groups.values(), kept)
    depthwise, norm, _, pointwise, _ = network.blocks[0]
    assert (depthwise.in_channels, depthwise.out_channels, depthwise.groups) == (2, 2, 2)
    assert norm.num_features == 2
    assert (pointwise.in_channels, pointwise.out_channels) == (2, 3)
    assert (network.hidden.in_features, network.hidden.out_features) == (3, 3)
    assert network.stem.in_channels == 3
    assert network.classifier.out_features == 3


def test_the_weights_of_a_narrower_network_fit_one_of_its_kind() -> None:
    network = with_statistics(Chain(["inverted", "joined"]))
    narrow, _ = narrowed(network, (PICTURES,))
    again = Chain(["inverted", "joined"])
    load_narrow(again, narrow.state_dict())
    with torch.no_grad():
        assert torch.equal(again.eval()(PICTURES), narrow(PICTURES))
    with pytest.raises(SourceFormatError, match=r"not of a narrower Chain: .*stem\.weight"):
        load_narrow(narrow, network.state_dict())
    with pytest.raises(SourceFormatError, match="not of a narrower Chain"):
        load_narrow(Chain(["added"]), narrow.state_dict())


class _Counting(nn.Module):
    """Its code counts its channels: it refuses others than eight, or divides by how many there are."""

    def __init__(self, *, refuses: bool) -> None:
        super().__init__()
        self.first, self.second, self.refuses = nn.Conv2d(3, 8, 1), nn.Conv2d(8, 3, 1), refuses

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.first(x)
        if self.refuses and x.shape[1] != 8:
            raise ValueError(f"{x.shape[1]} channels")
        return self.second(x / x.shape[1])


@pytest.mark.parametrize(("refuses", "said"), [(True, r"cannot lose channels \(5 channels\)"), (False, "differs by")])
def test_a_network_that_counts_its_channels_is_refused(refuses: bool, said: str) -> None:
    network = _Counting(refuses=refuses).eval()
    groups = find_channels(network, (PICTURES,)).groups
    narrow, masked = copy.deepcopy(network), copy.deepcopy(network)
    kept = {"first.weight": torch.arange(8) < 5}
    remove_channels(narrow, groups, kept)
    mask_channels(masked, groups, kept)
    with pytest.raises(BundleError, match=said):
        check_removed(narrow, masked, (PICTURES,))

"""What channels are worth, and which of them stay."""

import pytest
import torch
from torch import nn

from edgeact.errors import UsageError
from tests.trainer.compress.small_networks import PICTURES, Chain, with_statistics
from trainer.compress.channels import find_channels
from trainer.compress.remove import remove_channels
from trainer.compress.worth import as_many_as, channel_worth, choose_channels, group_lasso, multiplications


def two_layers() -> nn.Sequential:
    network = nn.Sequential(nn.Linear(2, 3), nn.Linear(3, 1))
    with torch.no_grad():
        network[0].weight.copy_(torch.tensor([[3.0, 0.0], [0.0, 0.0], [1.0, 1.0]]))
        network[0].bias.copy_(torch.tensor([0.0, 0.0, 1.0]))
        network[1].weight.copy_(torch.tensor([[4.0, 0.0, 1.0]]))
        network[1].bias.zero_()
    return network


ROWS = torch.tensor([[1.0, 2.0], [1.0, 0.0]])


def test_the_penalty_is_the_norm_of_all_that_a_channel_stands_in() -> None:
    network = two_layers()
    groups = find_channels(network, (ROWS,)).groups
    # 3, 0 with 4 behind it: 5. Nothing: 0. 1, 1, its bias 1, and 1 behind it: 2.
    penalty = group_lasso(network, groups)
    assert penalty.item() == pytest.approx(7.0, abs=1e-4)
    penalty.backward()
    assert network[1].weight.grad.tolist()[0] == pytest.approx([0.8, 0.0, 0.5], abs=1e-4)
    assert network[1].bias.grad is None  # no channel of the network's own output is drawn to zero


def test_the_worth_is_the_squared_change_of_the_loss() -> None:
    """The loss is the sum of outputs: without the first channel 24 less, without the last one 6 less (3 + 1 + 2)."""
    network = two_layers()
    groups = find_channels(network, (ROWS,)).groups
    worth = channel_worth(network, groups, (network(ROWS).sum() for _ in range(2)))
    assert worth["0.weight"].tolist() == pytest.approx([2 * 24.0**2, 0.0, 2 * 6.0**2])
    by_writers = channel_worth(network, groups, (network(ROWS).sum() for _ in range(2)), by="writes")
    assert torch.allclose(worth["0.weight"], by_writers["0.weight"])


def test_channels_that_change_nothing_are_removed_first() -> None:
    torch.manual_seed(0)
    network = with_statistics(Chain(["convolution", "convolution"]))
    groups = find_channels(network, (PICTURES,)).groups
    with torch.no_grad():
        network.blocks[0][1].weight[[1, 4]] = 0
        network.blocks[0][1].bias[[1, 4]] = 0
    worth = channel_worth(network, groups, (network(PICTURES).square().sum() for _ in range(2)))
    assert worth["blocks.0.0.weight"].argsort()[:2].sort().values.tolist() == [1, 4]
    assert worth["blocks.0.0.weight"][[1, 4]].max() == 0


def test_what_is_left_is_no_more_than_asked_for_and_in_multiples() -> None:
    network = with_statistics(Chain(["inverted", "convolution", "separable"]))
    channels = find_channels(network, (PICTURES,))
    worth = {group.name: torch.rand(group.count) for group in channels.groups}
    whole = multiplications(network, channels)
    for share in (0.9, 0.6, 0.45):
        kept = choose_channels(network, channels, worth, share=share, multiple=2)
        counts = {name: int(mask.sum()) for name, mask in kept.items()}
        assert all(count % 2 == 0 or count == len(kept[name]) for name, count in counts.items())
        left = multiplications(network, channels, counts)
        assert 0.3 * share * whole < left <= share * whole
        for name, mask in kept.items():  # of a group the best stay
            assert mask.all() or worth[name][mask].min() >= worth[name][~mask].max()
    narrow = Chain(["inverted", "convolution", "separable"])
    remove_channels(narrow, channels.groups, kept)
    assert multiplications(narrow, find_channels(narrow, (PICTURES,))) == pytest.approx(left)


def test_too_little_is_refused_with_what_can_be_reached() -> None:
    network = Chain(["convolution"])
    channels = find_channels(network, (PICTURES,))
    worth = {group.name: torch.rand(group.count) for group in channels.groups}
    with pytest.raises(UsageError, match=r"at least 0\.\d\d of the multiplications stay"):
        choose_channels(network, channels, worth, share=0.01, multiple=1)


def test_multiplications_are_weights_times_places() -> None:
    network = nn.Sequential(nn.Conv2d(3, 4, 3, 2, 1), nn.Conv2d(4, 4, 3, 1, 1, groups=4), nn.Conv2d(4, 2, 1))
    channels = find_channels(network, (PICTURES,))
    assert multiplications(network, channels) == 16 * (3 * 4 * 9 + 4 * 9 + 4 * 2)
    assert multiplications(network, channels, {"0.weight": 1}) == 16 * (3 * 9 + 9 + 2)


def test_as_many_stay_as_another_network_has() -> None:
    wide, narrow = nn.Sequential(nn.Linear(2, 3), nn.Linear(3, 1)), nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 1))
    groups = find_channels(wide, (ROWS,)).groups
    kept = as_many_as(narrow, groups, {"0.weight": torch.tensor([1.0, 0.0, 3.0])})
    assert kept["0.weight"].tolist() == [True, False, True]

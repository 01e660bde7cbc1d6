"""Which channels belong together, and which must stay."""

import torch
from torch import nn

from tests.trainer.compress.small_networks import PICTURES, Chain
from trainer.compress.channels import find_channels, tensors_of


def stands(network: nn.Module) -> dict[str, set[tuple[str, int, str]]]:
    groups = find_channels(network, (PICTURES,)).groups
    return {group.name: {(part.tensor, part.axis, part.role) for part in group.parts} for group in groups}


def test_a_separable_chain_is_one_group_from_its_writer_to_its_reader() -> None:
    found = stands(Chain(["separable"]))
    assert found["stem.weight"] == {
        ("stem.weight", 0, "writes"),
        ("stem.bias", 0, "writes"),
        ("blocks.0.0.weight", 0, "keeps"),
        *((f"blocks.0.1.{name}", 0, "keeps") for name in ("weight", "bias", "running_mean", "running_var")),
        ("blocks.0.3.weight", 1, "reads"),
    }
    assert set(found) == {"stem.weight", "blocks.0.3.weight", "hidden.weight"}


def test_what_is_added_is_removed_together() -> None:
    found = stands(Chain(["added"]))
    (group,) = (parts for parts in found.values() if ("blocks.0.left.weight", 0, "writes") in parts)
    assert ("blocks.0.right.weight", 0, "writes") in group
    assert ("hidden.weight", 1, "reads") in group


def test_each_cell_of_a_flattened_map_belongs_to_its_channel() -> None:
    groups = {group.name: group for group in find_channels(Chain(["convolution"], flattened=True), (PICTURES,)).groups}
    reads = [part for part in groups["blocks.0.0.weight"].parts if part.tensor == "hidden.weight"]
    assert len(reads) == 16
    assert [int(part.places[1]) for part in reads] == list(range(16, 32))


class _Strange(nn.Module):
    """Something stands between two convolutions."""

    def __init__(self, between: str) -> None:
        super().__init__()
        self.first, self.second, self.between = nn.Conv2d(3, 8, 1), nn.Conv2d(8, 3, 1), between
        self.grouped = nn.Conv2d(8, 8, 1, groups=2)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.first(x)
        if self.between == "cumsum":
            x = x.cumsum(1)
        elif self.between == "softmax":
            x = x.softmax(1)
        elif self.between == "groups":
            x = self.grouped(x)
        elif self.between == "split":
            left, right = x.chunk(2, 1)
            x = torch.cat([right, left], 1)
        elif self.between == "shuffle":
            x = x.unflatten(1, (2, 4)).transpose(1, 2).flatten(1, 2)
        elif self.between == "sum":
            x = x * x.sum(1, keepdim=True)
        elif self.between == "slice":
            x = torch.cat([x[:, 4:], x[:, 4:]], 1)
        return self.second(x)


def test_what_mixes_channels_keeps_them_all() -> None:
    for between in ("cumsum", "softmax", "groups", "split", "shuffle", "sum"):
        assert stands(_Strange(between)) == {}, between
    assert set(stands(_Strange("nothing"))) == {"first.weight"}
    # The bound of the slice is a number in the code: the four channels before it stay, those behind it may go.
    (group,) = find_channels(_Strange("slice"), (PICTURES,)).groups
    assert group.count == 4
    assert next(part for part in group.parts if part.role == "writes").places.tolist() == [4, 5, 6, 7]


def test_each_weight_is_counted_where_it_is_used() -> None:
    channels = find_channels(Chain(["separable"]), (PICTURES,))
    assert channels.uses["stem.weight"] == 16
    assert channels.uses["classifier.weight"] == 1


def test_tracing_leaves_the_network_as_it_was() -> None:
    network = Chain(["convolution"]).train()
    find_channels(network, (PICTURES,))
    assert network.training


def test_tensors_are_found_in_whatever_a_network_gives() -> None:
    one, two = torch.zeros(1), torch.ones(1)
    assert tensors_of({"a": [one, None], "b": (two, "text", 3)}) == [one, two]

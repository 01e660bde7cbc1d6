"""System D: attentional pooling as one graph over the whole picture, or over a person's crop.

Its pose branch only regularises the training (paper D, section III); it is no part of the graph. Shapes: N pictures,
A actions, h×w cells of the last map.
"""

import torch
from torch import nn

from deploy.export import round_weights
from deploy.graph_export import GraphExport, given
from deploy.systems.backbones import last_map
from deploy.systems.system import ExportOptions, Shapes, System, count_indices, picture_graph, shape_of
from trainer.attribution.upsample import over_maximum
from trainer.layers.attentional_pooling import (
    GeneralizedAttentionalPooling,
    MeanPooling,
    RankOneAttentionalPooling,
    merged_attention,
)
from trainer.layers.pixels import PixelRange, to_range
from trainer.models.attentional_pooling import AttentionalPoolingNetwork

HEAD = "image"
SIDE = 448
_NETWORK = "an attentional pooling network"


class AttentionalPoolingGraph(nn.Module):
    """Pictures (N, H, W, 3) uint8 RGB → probabilities (N, A), top-down, bottom-up and merged attention of the predicted
    action, each (N, h, w) in 0..1 of its own largest value.

    Top-down and bottom-up share a sign that means nothing, since only their product counts; it is turned so that
    bottom-up is positive on the whole. What is negative then, and what in the merged map speaks against the action, is
    cut off.
    """

    def __init__(self, network: AttentionalPoolingNetwork, pixel_range: PixelRange, options: ExportOptions) -> None:
        super().__init__()
        self.network, self.pixel_range, self.options = network, pixel_range, options

    def forward(self, image: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """Probabilities, top-down, bottom-up, merged."""
        pooled = self.network.pooling(self.network.backbone(to_range(image, self.pixel_range)))
        best = pooled.scores.argmax(1)[:, None, None, None].expand(-1, 1, *pooled.top_down.shape[2:])
        bottom_up = pooled.bottom_up[:, 0]
        top_down = pooled.top_down.gather(1, best)[:, 0]
        sign = torch.where(bottom_up.sum((1, 2), keepdim=True) < 0, -1.0, 1.0)
        return (
            self.options.probabilities(pooled.scores),
            torch.relu(over_maximum(sign * top_down)),
            torch.relu(over_maximum(sign * bottom_up)),
            torch.relu(over_maximum(merged_attention(pooled))),
        )


def attentional_pooling_network(shapes: Shapes, _options: ExportOptions) -> AttentionalPoolingNetwork:
    """The network that has weights of these shapes; they tell the three poolings apart.

    Raises:
        UsageError: They are not those of an attentional pooling network.
    """
    classes, channels = shape_of(shapes, "pooling.top_down.weight", network=_NETWORK)[:2]
    pooling: nn.Module
    if matrices := count_indices(shapes, "pooling.matrices."):
        rank = shapes["pooling.matrices.0.weight"][0]
        pooling = GeneralizedAttentionalPooling(channels, classes, matrices=matrices, first_rank=rank)
    elif "pooling.bottom_up.weight" in shapes:
        pooling = RankOneAttentionalPooling(channels, classes)
    else:
        pooling = MeanPooling(channels, classes)
    width = shapes.get("pose.0.weight")
    return AttentionalPoolingNetwork(
        last_map(shapes, "backbone."),
        channels,
        pooling,
        pose=width is not None,
        pose_width=width[0] if width else 1,
    )


def attentional_pooling_graphs(network: nn.Module, options: ExportOptions) -> list[GraphExport]:
    """The one graph of system D."""
    assert isinstance(network, AttentionalPoolingNetwork)
    round_weights(network)
    side = options.side or SIDE
    head = options.head(HEAD, network.pooling.top_down.out_channels)
    with torch.no_grad():
        cells = tuple(network.eval().backbone(torch.zeros(1, 3, side, side)).shape[2:])
    maps = [given("attention", ("N", *cells), name=name, head=HEAD) for name in ("top_down", "bottom_up", "merged")]
    module = AttentionalPoolingGraph(network, network.backbone.pixel_range, options)
    return [picture_graph(module, options, side=side, head=head, maps=maps)]


ATTENTIONAL_POOLING = System(
    letter="D",
    name="attentional_pooling",
    title="Convolutional Neural Networks with Generalized Attentional Pooling for Action Recognition",
    network=attentional_pooling_network,
    graphs=attentional_pooling_graphs,
    options=frozenset({"multi_label", "side", "scope"}),
)

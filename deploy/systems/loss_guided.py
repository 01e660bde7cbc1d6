"""System B: the loss-guided classifier as one graph over the whole picture, or over a person's crop.

Shapes: N pictures, A actions, h×w cells of the last map.
"""

import torch
from torch import nn

from deploy.export import round_weights
from deploy.graph_export import GraphExport, given
from deploy.systems.backbones import last_map
from deploy.systems.system import ExportOptions, Shapes, System, picture_graph, shape_of
from trainer.attribution.upsample import over_maximum
from trainer.layers.pixels import PixelRange, to_range
from trainer.models.loss_guided import LossGuidedNetwork, predicting_activations, sum_of_activations

HEAD = "image"
SIDE = 448  # section 4 of the paper


class LossGuidedGraph(nn.Module):
    """Pictures (N, H, W, 3) uint8 RGB → probabilities (N, A), the person's map, SAM and PAM, each (N, h, w) in 0..1.

    SAM and PAM are divided by their own largest value. What in PAM speaks against the predicted action is cut off.
    """

    def __init__(self, network: LossGuidedNetwork, pixel_range: PixelRange, options: ExportOptions) -> None:
        super().__init__()
        self.network, self.pixel_range, self.options = network, pixel_range, options

    def forward(self, image: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """Probabilities, human map, SAM, PAM."""
        output = self.network(to_range(image, self.pixel_range))
        summed = sum_of_activations(output.class_maps)
        predicting = predicting_activations(output.class_maps, self.network.classifier.weight, output.scores.argmax(1))
        return (
            self.options.probabilities(output.scores),
            output.human[:, 0].clamp(0.0, 1.0),
            over_maximum(summed),
            torch.relu(over_maximum(predicting)),
        )


def loss_guided_network(shapes: Shapes, _options: ExportOptions) -> LossGuidedNetwork:
    """The network that has weights of these shapes.

    Raises:
        UsageError: They are not those of a loss-guided network.
    """
    backbone = last_map(shapes, "backbone.")
    class_channels, channels = shape_of(shapes, "class_branch.weight", network="a loss-guided network")[:2]
    classes = shape_of(shapes, "classifier.weight", network="a loss-guided network")[0]
    human, index = [], 0
    while (name := f"human_branch.{index}.weight") in shapes:
        human.append(shapes[name][0])
        index += 1
    if not human:
        shape_of(shapes, "human_branch.0.weight", network="a loss-guided network")
    return LossGuidedNetwork(backbone, channels, classes, class_channels=class_channels, human_channels=tuple(human))


def loss_guided_graphs(network: nn.Module, options: ExportOptions) -> list[GraphExport]:
    """The one graph of system B."""
    assert isinstance(network, LossGuidedNetwork)
    round_weights(network)
    side = options.side or SIDE
    head = options.head(HEAD, network.classifier.out_features)
    with torch.no_grad():
        cells = tuple(network.eval().backbone(torch.zeros(1, 3, side, side)).shape[2:])
    maps = [
        given("human_map", ("N", *cells)),
        given("attention", ("N", *cells), name="sam", head=HEAD),
        given("attention", ("N", *cells), name="pam", head=HEAD),
    ]
    module = LossGuidedGraph(network, network.backbone.pixel_range, options)
    return [picture_graph(module, options, side=side, head=head, maps=maps)]


LOSS_GUIDED = System(
    letter="B",
    name="loss_guided",
    title="Loss Guided Activation for Action Recognition in Still Images",
    network=loss_guided_network,
    graphs=loss_guided_graphs,
    options=frozenset({"multi_label", "side", "scope"}),
)

"""System A: joints, parts, attention and five opinions on the action, of one person's crop.

Shapes: N crops, K joints of MPII, A actions, h×w cells of stride 4 of the small picture.
"""

import torch
from torch import nn
from torch.nn import functional

from deploy.export import round_weights
from deploy.graph_export import GraphExport, given, taken
from deploy.samples import demo_pictures
from deploy.systems.backbones import hrnet, resnet
from deploy.systems.system import PERSON_CROP, ExportOptions, Shapes, System, shape_of
from edgeact.bundle.manifest import SkeletonSpec
from edgeact.skeleton import MPII_16
from trainer.attribution.upsample import over_maximum
from trainer.layers.pixels import to_range
from trainer.models.body_part_aware import BodyPartAwareNetwork, ensemble

SIDE = 512  # of the large picture, which the parts are cut out of; the small one has half of it
ATTENTION = "attention"
# The ensemble comes first: it is what paper A reports, and what is shown.
HEADS = ("ensemble", "image", ATTENTION, "parts", "concatenation")
# A heat map's peak is 1 where the network is sure; under this HRNet's authors draw no joint.
_JOINT_CONFIDENCE = 0.2
_NETWORK = "a body-part-aware network"


class BodyPartAwareGraph(nn.Module):
    """Crops (N, 2H, 2W, 3) uint8 RGB → joints (N, K, 2) in their pixels, confidence (N, K), joint maps (N, K, h, w),
    part boxes (N, 3, 4) in pixels, attention (N, h, w) in 0..1 of its own largest value, and the probabilities (N, A)
    of `HEADS`.

    The confidence is the height of the heat map's peak; it is not calibrated.
    """

    def __init__(self, network: BodyPartAwareNetwork, options: ExportOptions) -> None:
        super().__init__()
        self.network, self.options = network, options

    def forward(self, image: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """Joints, confidence, joint maps, part boxes, attention, probabilities of each head."""
        large = to_range(image, self.network.pixel_range)
        output = self.network(functional.avg_pool2d(large, 2), large)
        sides = torch.tensor([image.shape[2], image.shape[1]], dtype=torch.float32)
        cells = output.heat_maps.shape[2:]
        attention = functional.adaptive_avg_pool2d(output.attention.mean(1, keepdim=True), cells)[:, 0]
        scores = (output.image, output.attended, output.part, output.joined)
        return (
            heat_map_places(output.heat_maps) * sides - 0.5,  # the centre of the top-left pixel is (0, 0)
            output.heat_maps.amax((2, 3)).clamp(0.0, 1.0),
            output.heat_maps.clamp(0.0, 1.0),
            output.squares * sides.repeat(2) - 0.5,
            over_maximum(attention),
            ensemble(output, multi_label=self.options.multi_label),
            *(self.options.probabilities(score) for score in scores),
        )


def heat_map_places(maps: torch.Tensor) -> torch.Tensor:
    """Where heat maps (N, K, h, w) have their peaks: ``(N, K, 2)`` x, y as shares of the picture.

    The highest cell's centre, a quarter cell toward its higher neighbour on each axis, as HRNet's authors decode; not
    at the border, where a neighbour is missing.
    """
    height, width = maps.shape[2:]
    flat = maps.flatten(2)
    peak = flat.argmax(2)
    x, y = peak % width, torch.div(peak, width, rounding_mode="floor")

    def shift(place: torch.Tensor, size: int, step: int) -> torch.Tensor:
        inside = (place > 0) & (place < size - 1)
        safe = torch.where(inside, peak, torch.full_like(peak, step))
        higher = torch.sign(_at(flat, safe + step) - _at(flat, safe - step))
        return torch.where(inside, 0.25 * higher, torch.zeros_like(higher))

    cells = torch.stack([x + 0.5 + shift(x, width, 1), y + 0.5 + shift(y, height, width)], -1)
    return cells / torch.tensor([width, height], dtype=maps.dtype)


def _at(flat: torch.Tensor, places: torch.Tensor) -> torch.Tensor:
    """Of maps (N, K, h·w) the cell at each place (N, K): ``(N, K)``."""
    return flat.gather(2, places[..., None])[..., 0]


def body_part_aware_network(shapes: Shapes, _options: ExportOptions) -> BodyPartAwareNetwork:
    """The network that has weights of these shapes.

    Raises:
        UsageError: They are not those of a body-part-aware network, or its joints are not MPII's.
    """
    joints = shape_of(shapes, "pose.weight", network=_NETWORK)[0]
    classes = shape_of(shapes, "joined_classifier.weight", network=_NETWORK)[0]
    backbone = hrnet(shapes, "backbone.")
    attention = resnet(shapes, "attention_stream.residual.")
    return BodyPartAwareNetwork(
        backbone,
        backbone.size.branch_channels,
        attention,
        resnet(shapes, "part_stream.residual."),
        attention.layer_channels,
        joints=joints,
        classes=classes,
    )


def body_part_aware_graphs(network: nn.Module, options: ExportOptions) -> list[GraphExport]:
    """The one graph of system A."""
    assert isinstance(network, BodyPartAwareNetwork)
    round_weights(network)
    side, joints = options.side or SIDE, len(MPII_16.joints)
    classes = network.image_classifier.out_features
    heads = tuple(options.head(name, classes, events=name == HEADS[0]) for name in HEADS)
    crops = demo_pictures(3, height=side, width=side)
    cells = (side // 8, side // 8)
    return [
        GraphExport(
            name="person",
            scope="person",
            horizon="frame",
            module=BodyPartAwareGraph(network, options),
            samples=(crops, crops[:1]),
            input=taken("picture", ("N", side, side, 3)),
            outputs=(
                given("joints", ("N", joints, 2)),
                given("confidence", ("N", joints)),
                given("joint_maps", ("N", joints, *cells)),
                given("part_boxes", ("N", 3, 4)),
                given("attention", ("N", *cells), head=ATTENTION),
                *(given("actions", ("N", classes), name=f"actions_{head.name}", head=head.name) for head in heads),
            ),
            crop=PERSON_CROP,
            skeleton=SkeletonSpec(name=MPII_16.name, joints=MPII_16.joints, confidence=_JOINT_CONFIDENCE),
            heads=heads,
        )
    ]


BODY_PART_AWARE = System(
    letter="A",
    name="body_part_aware",
    title="Body-Part-Aware and Multitask-Aware Single-Image-Based Action Recognition",
    network=body_part_aware_network,
    graphs=body_part_aware_graphs,
    options=frozenset({"multi_label", "side"}),
)

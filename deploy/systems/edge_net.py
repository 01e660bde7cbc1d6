"""System F, the compact network: a graph of each frame, a graph of clips of its features, and what in a clip decided.

Shapes: N persons, T frames, J joints of `BODY_21`, A actions, C features at each joint, h×w cells of stride 4.
"""

from functools import partial

import torch
from torch import nn

from deploy.explain import trace_gradient
from deploy.export import round_weights
from deploy.graph_export import GraphExport, given, taken
from deploy.samples import demo_pictures
from deploy.systems.system import PERSON_CROP, ExportOptions, Shapes, System, shape_of
from edgeact.bundle.manifest import ClipSpec, SkeletonSpec
from edgeact.errors import UsageError
from edgeact.skeleton import BODY_21
from trainer.attribution.feature_relevance import feature_relevance
from trainer.attribution.upsample import over_maximum
from trainer.inputs.action_clip import CLIP_LENGTH, CLIP_STRIDE_SECONDS
from trainer.layers.attentional_pooling import merged_attention
from trainer.layers.pixels import SIGNED_UNIT, to_range
from trainer.models.edge_net import SIDE_MULTIPLE, EdgeClipNetwork, EdgeFrameNetwork, EdgeNetwork

HEAD, STILL_HEAD = "clip", "image"
HEIGHT = 192  # of a crop; its width is three quarters of it
_JOINTS = len(BODY_21.joints)
# As of network E: the confidence is a map's highest cell.
_JOINT_CONFIDENCE = 0.1
_NETWORK = "the compact network"


class EdgeFrameGraph(nn.Module):
    """Crops (N, H, W, 3) uint8 RGB → joints (N, J, 2) and part boxes (N, 3, 4) in their pixels, confidence (N, J),
    joint maps (N, J, h, w), joints in metres around the pelvis (N, J, 3), the person's map (N, h, w), features
    (N, J, C), probabilities of what the crop alone shows (N, A) and where that was seen, in 0..1.

    A crop is taken to be ``crop_metres`` high and deep.
    """

    def __init__(self, network: EdgeFrameNetwork, options: ExportOptions) -> None:
        super().__init__()
        self.network, self.options = network, options
        self.root = BODY_21.index("pelvis")

    def forward(self, image: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """Joints, confidence, joint maps, 3D joints, human map, part boxes, features, probabilities, attention."""
        output = self.network(to_range(image, SIGNED_UNIT))
        height, width = image.shape[1], image.shape[2]
        sides = torch.tensor([width, height], dtype=torch.float32)
        scale = torch.tensor([width / height, 1.0, 1.0], dtype=torch.float32) * self.options.crop_metres
        return (
            output.poses[..., :2] * sides - 0.5,
            output.confidence,
            output.joint_maps,
            (output.poses - output.poses[:, self.root : self.root + 1]) * scale,
            output.human[:, 0].clamp(0.0, 1.0),
            output.squares * sides.repeat(2) - 0.5,
            output.features,
            self.options.probabilities(output.still.scores),
            torch.relu(over_maximum(merged_attention(output.still))),
        )


class EdgeClipGraph(nn.Module):
    """Features of T frames (N, T, J, C) → probabilities (N, A)."""

    def __init__(self, network: EdgeClipNetwork, options: ExportOptions) -> None:
        super().__init__()
        self.network, self.options = network, options

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        """Probabilities."""
        return self.options.probabilities(self.network(features))


def edge_network(shapes: Shapes, _options: ExportOptions) -> EdgeNetwork:
    """The network that has weights of these shapes.

    Raises:
        UsageError: They are not those of the compact network.
    """
    actions = shape_of(shapes, "frame.still.top_down.weight", network=_NETWORK)[0]
    appearance = shape_of(shapes, "frame.visual.weight", network=_NETWORK)[0]
    clip_channels = shape_of(shapes, "clip.first.appearance.weight", network=_NETWORK)[0]
    return EdgeNetwork(actions, appearance=appearance, clip_channels=clip_channels)


def edge_graphs(network: nn.Module, options: ExportOptions) -> list[GraphExport]:
    """The clip graph, the frame graph, and if relevance is asked for the explain graph.

    Raises:
        UsageError: The labels do not fit, or sides are no multiples of the network's strides.
    """
    assert isinstance(network, EdgeNetwork)
    height = options.side or HEIGHT
    width = height * 3 // 4
    if height % SIDE_MULTIPLE or width % SIDE_MULTIPLE:
        raise UsageError(
            f"side is {height}, the crop's height; it and three quarters of it must be multiples of {SIDE_MULTIPLE}"
        )
    round_weights(network.eval().requires_grad_(False))
    classes = network.frame.still.top_down.out_channels
    skeleton = SkeletonSpec(name=BODY_21.name, joints=BODY_21.joints, confidence=_JOINT_CONFIDENCE)
    crops = demo_pictures(3, height=height, width=width)
    module = EdgeFrameGraph(network.frame, options)
    with torch.no_grad():
        seen = module(crops)[6]
    cells = (height // 4, width // 4)
    still = options.head(STILL_HEAD, classes, events=False)
    frame = GraphExport(
        name="person",
        scope="person",
        horizon="frame",
        module=module,
        samples=(crops, crops[:1]),
        input=taken("picture", ("N", height, width, 3)),
        outputs=(
            given("joints", ("N", _JOINTS, 2)),
            given("confidence", ("N", _JOINTS)),
            given("joint_maps", ("N", _JOINTS, *cells)),
            given("joints_3d", ("N", _JOINTS, 3)),
            given("human_map", ("N", *cells)),
            given("part_boxes", ("N", 3, 4)),
            given("features", ("N", *seen.shape[1:])),
            given("actions", ("N", classes), name=f"actions_{STILL_HEAD}", head=STILL_HEAD),
            given("attention", ("N", -(-height // 32), -(-width // 32)), name="still", head=STILL_HEAD),
        ),
        crop=PERSON_CROP,
        skeleton=skeleton,
        heads=(still,),
    )
    length = options.clip_length or CLIP_LENGTH
    order = torch.arange(length)
    clips = torch.stack([seen[order % len(seen)], seen[order // 2 % len(seen)]])
    shape = (length, *(int(size) for size in seen.shape[1:]))
    clip = ClipSpec(length=length, stride_seconds=options.clip_stride or CLIP_STRIDE_SECONDS)
    head = options.head(HEAD, classes)
    exports = [
        # First, since the first head of a bundle is the one that is shown.
        GraphExport(
            name="clip",
            scope="person",
            horizon="clip",
            module=EdgeClipGraph(network.clip, options),
            samples=(clips, clips[:1]),
            input=taken("features", ("N", *shape), name="features", dtype="float32"),
            outputs=(given("actions", ("N", classes), head=HEAD),),
            skeleton=skeleton,
            clip=clip,
            heads=(head,),
        ),
        frame,
    ]
    if options.explain:
        exports.append(
            GraphExport(
                name="explain",
                scope="person",
                horizon="clip",
                module=trace_gradient(partial(feature_relevance, network.clip), clips[:1]),
                samples=clips.split(1),
                input=taken("features", (1, *shape), name="features", dtype="float32"),
                outputs=(given("relevance", (1, length, _JOINTS), head=HEAD),),
                skeleton=skeleton,
                clip=clip,
            )
        )
    return exports


EDGE_NET = System(
    letter="F",
    name="edge_net",
    title="the parts of all in one compact network",
    network=edge_network,
    graphs=edge_graphs,
    options=frozenset({"multi_label", "side", "explain", "clip_length", "clip_stride", "crop_metres"}),
    explains=("relevance",),
)

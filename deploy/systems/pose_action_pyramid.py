"""System E: a graph of each frame (pose, depth, features) and a graph of clips of these features (actions), cut at one
exit.

What a frame is kept as is all that its clips need of it, so that each frame is computed once: streamed scores are those
of the whole clip. Shapes: N persons, T frames, J joints, A actions, C features at each joint.
"""

import torch
from torch import nn

from deploy.export import round_weights
from deploy.graph_export import GraphExport, given, taken
from deploy.samples import demo_pictures
from deploy.systems.system import PERSON_CROP, ExportOptions, Shapes, System, shape_of
from edgeact.bundle.manifest import ClipSpec, SkeletonSpec
from edgeact.errors import UsageError
from edgeact.skeleton import BODY_21, COCO_17, KINECT_20, MPII_16, Skeleton
from trainer.layers.pixels import SIGNED_UNIT, to_range
from trainer.models.pose_action_pyramid import PoseActionPyramid, PyramidSize

HEAD = "clip"
SIDE = 256  # section 4.2.2 of the paper
CLIP_LENGTH = 16  # frames of Penn Action's clips
CLIP_STRIDE = 0.1  # the paper's clips skip 3 to 10 frames of 30 a second (section 4.2.2)
_SKELETONS = {len(skeleton.joints): skeleton for skeleton in (MPII_16, COCO_17, KINECT_20, BODY_21)}
# The confidence is a map's highest cell, near 1/(h·w) for a flat map: a joint spread over more than ten cells is not
# drawn.
_JOINT_CONFIDENCE = 0.1
_NETWORK = "a pose and action pyramid"


class PyramidFrameGraph(nn.Module):
    """Crops (N, H, W, 3) uint8 RGB → joints (N, J, 2) in their pixels, confidence (N, J), joint maps (N, J, h, w); with
    depth also joints in metres around the pelvis (N, J, 3); before an exit that acts also features (N, J, C).

    A crop is taken to be ``crop_metres`` wide and deep, as in training; x, y and z share that scale.
    """

    def __init__(
        self, network: PoseActionPyramid, exit_at: tuple[int, int], skeleton: Skeleton, crop_metres: float
    ) -> None:
        super().__init__()
        self.network, self.exit_at, self.crop_metres = network, exit_at, crop_metres
        self.root = skeleton.index("pelvis") if "pelvis" in skeleton.joints else None
        self.hips = [skeleton.index("left_hip"), skeleton.index("right_hip")]

    def forward(self, image: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """Joints, confidence, joint maps, then what there is of 3D joints and features."""
        found, maps, features = self.network.frame(to_range(image, SIGNED_UNIT), self.exit_at)
        sides = torch.tensor([image.shape[2], image.shape[1]], dtype=torch.float32)
        given_outputs = [found.poses[..., :2] * sides - 0.5, found.confidence, maps]
        if self.network.size.dimensions == 3:
            places = found.poses
            root = places[:, self.hips].mean(1) if self.root is None else places[:, self.root]
            given_outputs.append((places - root[:, None]) * self.crop_metres)
        if features is not None:
            given_outputs.append(features)
        return tuple(given_outputs)


class PyramidClipGraph(nn.Module):
    """Features of T frames (N, T, J, C) → probabilities (N, A)."""

    def __init__(self, network: PoseActionPyramid, exit_at: tuple[int, int], options: ExportOptions) -> None:
        super().__init__()
        self.network, self.exit_at, self.options = network, exit_at, options

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        """Probabilities."""
        return self.options.probabilities(self.network.clip(features, self.exit_at))


def pose_action_pyramid_network(shapes: Shapes, _options: ExportOptions) -> PoseActionPyramid:
    """The network that has weights of these shapes.

    Raises:
        UsageError: They are not those of a pose and action pyramid.
    """
    growth = shape_of(shapes, "entry.residual0.convolution2.weight", network=_NETWORK)[0]
    joints = shape_of(shapes, "blocks.p1_l2.heads.joint_maps.weight", network=_NETWORK)[0]
    blocks = {name.split(".")[1] for name in shapes if name.startswith("blocks.p")}
    steps = sorted(tuple(int(number) for number in block[1:].split("_l")) for block in blocks)
    acting = [step for step in steps if f"blocks.p{step[0]}_l{step[1]}.action.action.weight" in shapes]
    size = PyramidSize(
        pyramids=steps[-1][0],
        levels=max(level for _, level in steps),
        joints=joints,
        dimensions=3 if "blocks.p1_l2.heads.depth_maps.weight" in shapes else 2,
        actions=shapes["blocks.p{}_l{}.action.action.weight".format(*acting[0])][0] if acting else 0,
        first_action_pyramid=acting[0][0] if acting else 1,
        growth=growth,
        clip_channels=shapes["blocks.p{}_l{}.action.appearance.weight".format(*acting[0])][0] if acting else 160,
    )
    network = PoseActionPyramid(size)
    if any(".action_heads." in name for name in shapes):
        network.decouple()
    return network


def pose_action_pyramid_graphs(network: nn.Module, options: ExportOptions) -> list[GraphExport]:
    """The frame graph, and where the exit acts the clip graph.

    Raises:
        UsageError: There is no such exit or skeleton, the labels do not fit, or sides are no multiple of the strides.
    """
    assert isinstance(network, PoseActionPyramid)
    steps, size = network.steps(), network.size
    exit_at = options.exit_at or steps[-1]
    if exit_at not in steps:
        listed = ", ".join(f"{pyramid},{level}" for pyramid, level in steps)
        raise UsageError(f"exit {exit_at[0]},{exit_at[1]} does not exist; the network has {listed}")
    if size.joints not in _SKELETONS:
        known = ", ".join(f"{count} ({skeleton.name})" for count, skeleton in _SKELETONS.items())
        raise UsageError(f"the network has {size.joints} joints, which are those of no known skeleton: {known}")
    side, multiple = options.side or SIDE, 8 * 2 ** (size.levels - 1)
    if side % multiple:
        raise UsageError(f"side is {side}; with {size.levels} levels it must be a multiple of {multiple}")
    acts = bool(network.acting_steps(exit_at))
    if options.labels and not acts:
        raise UsageError(
            f"there are {len(options.labels)} labels, and up to exit {exit_at[0]},{exit_at[1]} the network predicts no "
            "actions; leave the labels out, or take a later exit"
        )
    round_weights(network)
    skeleton = _SKELETONS[size.joints]
    frame = _frame_export(network, exit_at, skeleton, options, side)
    return [frame, _clip_export(network, exit_at, frame, options)] if acts else [frame]


def _frame_export(
    network: PoseActionPyramid, exit_at: tuple[int, int], skeleton: Skeleton, options: ExportOptions, side: int
) -> GraphExport:
    joints = len(skeleton.joints)
    module = PyramidFrameGraph(network, exit_at, skeleton, options.crop_metres)
    crops = demo_pictures(3, height=side, width=side)
    with torch.no_grad():
        values = module.eval()(crops[:1])
    outputs = [
        given("joints", ("N", joints, 2)),
        given("confidence", ("N", joints)),
        given("joint_maps", ("N", *values[2].shape[1:])),
    ]
    if network.size.dimensions == 3:
        outputs.append(given("joints_3d", ("N", joints, 3)))
    if network.acting_steps(exit_at):
        outputs.append(given("features", ("N", *values[-1].shape[1:])))
    return GraphExport(
        name="person",
        scope="person",
        horizon="frame",
        module=module,
        samples=(crops, crops[:1]),
        input=taken("picture", ("N", side, side, 3)),
        outputs=tuple(outputs),
        crop=PERSON_CROP,
        skeleton=SkeletonSpec(name=skeleton.name, joints=skeleton.joints, confidence=_JOINT_CONFIDENCE),
    )


def _clip_export(
    network: PoseActionPyramid, exit_at: tuple[int, int], frame: GraphExport, options: ExportOptions
) -> GraphExport:
    head = options.head(HEAD, network.size.actions)
    length = options.clip_length or CLIP_LENGTH
    shape = (length, *(int(size) for size in frame.outputs[-1].shape[1:]))
    with torch.no_grad():
        seen = torch.cat([frame.module(crop)[-1] for crop in frame.samples[0].split(1)])  # (pictures, J, C)
    order = torch.arange(length)
    clips = torch.stack([seen[order % len(seen)], seen[order // 2 % len(seen)]])
    return GraphExport(
        name="clip",
        scope="person",
        horizon="clip",
        module=PyramidClipGraph(network, exit_at, options),
        samples=(clips, clips[:1]),
        input=taken("features", ("N", *shape), name="features", dtype="float32"),
        outputs=(given("actions", ("N", len(head.labels)), head=HEAD),),
        skeleton=frame.skeleton,
        clip=ClipSpec(length=length, stride_seconds=options.clip_stride or CLIP_STRIDE),
        heads=(head,),
    )


POSE_ACTION_PYRAMID = System(
    letter="E",
    name="pose_action_pyramid",
    title="Multi-task Deep Learning for Real-Time 3D Human Pose Estimation and Action Recognition",
    network=pose_action_pyramid_network,
    graphs=pose_action_pyramid_graphs,
    options=frozenset({"multi_label", "side", "exit_at", "clip_length", "clip_stride", "crop_metres"}),
)

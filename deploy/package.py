"""The bundles that ship: networks and calibration as a list of graph exports."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from deploy.explain import explain_graph
from deploy.export import round_weights
from deploy.graph_export import GraphExport, given, taken
from deploy.lifter_graph import lifter_graph
from deploy.wrap import DetectorGraph, PoseGraph
from deploy.write_bundle import About, write_graphs
from edgeact.bundle.load import Bundle, load_bundle
from edgeact.bundle.manifest import ClipSpec, CropSpec, DetectionSpec, HeadSpec, SkeletonSpec
from edgeact.skeleton import BODY_21
from trainer.data.action_sequences import LABELS, OTHER
from trainer.data.pose_patches import NETWORK_PADDING
from trainer.evaluate.calibrate import ConfidenceFit
from trainer.inputs.action_clip import CLIP_LENGTH, CLIP_STRIDE_SECONDS
from trainer.models.edge_action import ClipNetwork, EdgeAction
from trainer.models.edge_pose import MAP_STRIDE, EdgePose
from trainer.models.lifter import Lifter
from trainer.models.person_detector import MAXIMUM_BOXES, PersonDetector

# The one action head that bundles of this package have.
ACTION_HEAD = "action"
_JOINTS = len(BODY_21.joints)


@dataclass(frozen=True, slots=True)
class Calibration:
    """Numbers chosen on validation data; the first two go into the graphs, the others into the manifest.

    Attributes:
        confidence: Of the joints, see `PoseGraph`.
        temperature: Of the action logits.
        detection_score: Under this, boxes are no persons (`DetectionSpec`).
        detection_iou: Largest overlap of two persons' boxes; goes into the detector's graph too.
        detection_pixels: In what sizes the detector sees a frame.
        published_pixels: In what sizes the published detector sees it, where there is one beside.
        joint_confidence: Under this, joints are not drawn.
        action_score: From this on, an action starts.
    """

    confidence: ConfidenceFit
    temperature: float
    detection_score: float
    detection_iou: float
    detection_pixels: tuple[int, ...]
    joint_confidence: float
    action_score: float
    published_pixels: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Networks:
    """Trained networks. Without an action network the bundle detects and poses only, without a lifter it gives no
    3D. The published detector looks at a frame beside the trained one.
    """

    detector: PersonDetector
    pose: EdgePose
    action: EdgeAction | None
    lifter: Lifter | None = None
    published_detector: PersonDetector | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Samples:
    """Real inputs to compare PyTorch and ONNX Runtime on.

    Attributes:
        scenes: ``(1, H, W, 3)`` uint8 RGB each, in several sizes.
        crops: ``(P, height, width, 3)`` uint8 RGB of the pose network's size, P ≥ 2.
        clips: ``(C, 32, 21, 3)`` float32 x, y, confidence, C ≥ 2.
    """

    scenes: tuple[torch.Tensor, ...]
    crops: torch.Tensor
    clips: torch.Tensor


def _skeleton(joint_confidence: float) -> SkeletonSpec:
    return SkeletonSpec(name=BODY_21.name, joints=BODY_21.joints, confidence=joint_confidence)


def detector_exports(
    detector: PersonDetector,
    published: PersonDetector | None,
    scenes: tuple[torch.Tensor, ...],
    *,
    score: float,
    iou: float,
    pixels: tuple[int, ...],
    published_pixels: tuple[int, ...] = (),
) -> list[GraphExport]:
    """The graphs that find people: the trained detector, and the published one where it looks beside.

    Args:
        detector: Is rounded in place when its graph is written.
        published: Looks at a frame beside the trained one; None where there is none.
        scenes: ``(1, H, W, 3)`` uint8 RGB each, in several sizes.
        score: Under this, boxes are no persons.
        iou: Largest overlap of two persons' boxes.
        pixels: In what sizes the detector sees a frame.
        published_pixels: In what sizes the published one sees it.
    """
    looking = [("detector", detector, pixels)]
    if published is not None:
        looking.append(("detector_published", published, published_pixels))
    return [
        GraphExport(
            name=name,
            scope="scene",
            horizon="frame",
            module=DetectorGraph(network, iou=iou),
            samples=scenes,
            input=taken("picture", (1, "H", "W", 3)),
            outputs=(given("boxes", (1, MAXIMUM_BOXES, 4)), given("scores", (1, MAXIMUM_BOXES))),
            detection=DetectionSpec(score=score, iou=iou, pixels=budgets),
        )
        for name, network, budgets in looking
    ]


def _pose(network: EdgePose, calibration: Calibration, crops: torch.Tensor) -> GraphExport:
    height, width = network.size.height, network.size.width
    return GraphExport(
        name="pose",
        scope="person",
        horizon="frame",
        module=PoseGraph(network, calibration.confidence),
        samples=(crops, crops[:1]),
        input=taken("picture", ("N", height, width, 3)),
        outputs=(
            given("joints", ("N", _JOINTS, 2)),
            given("confidence", ("N", _JOINTS)),
            given("joint_maps", ("N", _JOINTS, height // MAP_STRIDE, width // MAP_STRIDE)),
        ),
        crop=CropSpec(padding=NETWORK_PADDING),
        skeleton=_skeleton(calibration.joint_confidence),
    )


def action_exports(
    network: EdgeAction,
    clips: torch.Tensor,
    *,
    labels: tuple[str, ...],
    temperature: float,
    score: float,
    joint_confidence: float,
) -> list[GraphExport]:
    """The clip graph and the graph that explains it; both call their poses features.

    Args:
        network: Is rounded in place.
        clips: ``(C, 32, 21, 3)`` real clips, C ≥ 2.
        labels: In the order of the network's outputs, `OTHER` among them.
        temperature: Of the logits.
        score: From this on, an action starts.
        joint_confidence: Under this, joints are not drawn.
    """
    module = ClipNetwork(round_weights(network.eval()), temperature=temperature).eval()
    skeleton, clip = _skeleton(joint_confidence), ClipSpec(length=CLIP_LENGTH, stride_seconds=CLIP_STRIDE_SECONDS)
    shape = (CLIP_LENGTH, _JOINTS, 3)
    action = GraphExport(
        name="action",
        scope="person",
        horizon="clip",
        module=module,
        samples=(clips, clips[:1]),
        input=taken("poses", ("N", *shape), name="features", dtype="float32"),
        outputs=(given("actions", ("N", len(labels)), head=ACTION_HEAD),),
        skeleton=skeleton,
        clip=clip,
        heads=(HeadSpec(name=ACTION_HEAD, labels=labels, other_label=OTHER, score=score),),
        half_products=True,
    )
    explain = GraphExport(
        name="explain",
        scope="person",
        horizon="clip",
        module=explain_graph(module, clips[:1]),
        samples=clips[:8].split(1),
        input=taken("poses", (1, *shape), name="features", dtype="float32"),
        outputs=(given("relevance", (1, CLIP_LENGTH, _JOINTS), head=ACTION_HEAD),),
        skeleton=skeleton,
        clip=clip,
    )
    return [action, explain]


def every_export(networks: Networks, calibration: Calibration, samples: Samples) -> list[GraphExport]:
    """The graphs of a bundle in order: detectors, pose, and where there are networks of theirs, actions and lifter.

    Args:
        networks: Are rounded in place when they are written.
        calibration: Chosen on validation data.
        samples: Real inputs.
    """
    exports = detector_exports(
        networks.detector,
        networks.published_detector,
        samples.scenes,
        score=calibration.detection_score,
        iou=calibration.detection_iou,
        pixels=calibration.detection_pixels,
        published_pixels=calibration.published_pixels,
    )
    exports.append(_pose(networks.pose, calibration, samples.crops))
    if networks.action is not None:
        exports += action_exports(
            networks.action,
            samples.clips,
            labels=LABELS,
            temperature=calibration.temperature,
            score=calibration.action_score,
            joint_confidence=calibration.joint_confidence,
        )
    if networks.lifter is not None:
        exports.append(lifter_graph(networks.lifter, _skeleton(calibration.joint_confidence), samples.clips))
    return exports


def write_bundle(
    out: Path,
    networks: Networks,
    calibration: Calibration,
    samples: Samples,
    *,
    name: str,
    version: str,
    created: str,
    training: dict[str, Any],
) -> Bundle:
    """Export, compare and describe every graph, then put the folder in place of what was there.

    Args:
        out: The bundle's folder.
        networks: Are rounded in place.
        calibration: Chosen on validation data.
        samples: Real inputs.
        name: Of the bundle.
        version: Of the bundle.
        created: Date, ``YYYY-MM-DD``.
        training: What the manifest says about data, recipe and metrics.

    Raises:
        BundleError: A graph does not give what its network gives.
    """
    exports = every_export(networks, calibration, samples)
    write_graphs(out, exports, About(name, version, created, "Apache-2.0", training))
    return load_bundle(out)

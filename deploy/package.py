"""Networks and calibration → a bundle: checked ONNX graphs and the manifest that describes them.

The folder appears under its name only when it is whole.
"""

import hashlib
import json
import shutil
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from torch import nn

from deploy.explain import explain_graph
from deploy.export import MINIMUM_HALF_ELEMENTS, export_onnx
from deploy.parity import Parity, check_parity
from deploy.wrap import DetectorGraph, PoseGraph
from edgeact.bundle.load import Bundle, load_bundle
from edgeact.bundle.manifest import (
    MANIFEST_NAME,
    SCHEMA_VERSION,
    ClipSpec,
    CropSpec,
    DetectionSpec,
    GraphSpec,
    HeadSpec,
    Manifest,
    SkeletonSpec,
    TensorSpec,
)
from edgeact.errors import BundleError
from edgeact.skeleton import BODY_21
from trainer.calibrate import ConfidenceFit
from trainer.data.action_sequences import LABELS, OTHER
from trainer.data.pose_patches import NETWORK_PADDING
from trainer.models.edge_action import CLIP_LENGTH, CLIP_STRIDE_SECONDS, ClipNetwork, EdgeAction
from trainer.models.edge_pose import MAP_STRIDE, EdgePose
from trainer.models.person_detector import MAXIMUM_BOXES, PersonDetector

# Largest difference to PyTorch that is accepted: pixels for joints and boxes, shares for the rest. The values found
# stand in the manifest. A gradient jumps where a ReLU's input lies within rounding of 0: of 17 validation clips one
# differed by .0018, all the others by 1e-5 at most; relevance itself reaches 1, and a wrong graph is wrong by as much.
# Probabilities of actions come of logits over a temperature that sharpens them: 1e-4 was found at .7.
TOLERANCE = {
    "boxes": 0.05, "scores": 1e-4, "joints": 0.05, "confidence": 1e-3, "joint_maps": 1e-3, "actions": 5e-4,
    "relevance": 0.02,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Calibration:
    """Numbers chosen on validation data; the first two go into the graphs, the others into the manifest.

    Attributes:
        confidence: Of the joints, see `PoseGraph`.
        temperature: Of the action logits.
        detection_score: Under this, boxes are no persons (`DetectionSpec`).
        detection_iou: Largest overlap of two persons' boxes; goes into the detector's graph too.
        detection_pixels: In what sizes the detector sees a frame.
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


@dataclass(frozen=True, slots=True, eq=False)
class Networks:
    """Trained networks; without an action network the bundle detects and poses only."""

    detector: PersonDetector
    pose: EdgePose
    action: EdgeAction | None


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


@torch.no_grad()
def round_weights(module: nn.Module) -> nn.Module:
    """Round what the file will store in half precision, in place: the graph is then exactly the network that was
    compared.
    """
    for tensor in (*module.parameters(), *module.buffers()):
        if tensor.is_floating_point() and tensor.numel() >= MINIMUM_HALF_ELEMENTS:
            tensor.copy_(tensor.half().float())
    return module


# The one action head that bundles of this package have.
ACTION_HEAD = "action"


def _tensor(name: str, shape: tuple[Any, ...], dtype: str = "float32", head: str | None = None) -> TensorSpec:
    """An output, which is called what it means."""
    return TensorSpec.model_validate({"name": name, "meaning": name, "shape": shape, "dtype": dtype, "head": head})


def _picture(shape: tuple[Any, ...]) -> TensorSpec:
    return TensorSpec.model_validate({"name": "image", "meaning": "picture", "shape": shape, "dtype": "uint8"})


def _poses(shape: tuple[Any, ...]) -> TensorSpec:
    """The input of a clip graph; the exported graphs call it features."""
    return TensorSpec.model_validate({"name": "features", "meaning": "poses", "shape": shape, "dtype": "float32"})


def _skeleton(joint_confidence: float) -> SkeletonSpec:
    return SkeletonSpec(name=BODY_21.name, joints=BODY_21.joints, confidence=joint_confidence)


def _graph(
    folder: Path, name: str, scope: str, horizon: str, inputs: TensorSpec, outputs: list[TensorSpec], **numbers: Any
) -> GraphSpec:
    file = f"{name}.onnx"
    digest = hashlib.sha256((folder / file).read_bytes()).hexdigest()
    values = {"name": name, "file": file, "sha256": digest, "scope": scope, "horizon": horizon, "precision": "float32"}
    return GraphSpec.model_validate(values | {"inputs": [inputs], "outputs": outputs} | numbers)


def checked(
    module: nn.Module, path: Path, samples: list[torch.Tensor], names: list[str], *, ranked: bool = False
) -> list[Parity]:
    """`check_parity`, refused where an output differs by more than its `TOLERANCE`.

    Raises:
        BundleError: An output differs more.
    """
    parity = check_parity(module, path, samples, output_names=names, ranked=ranked)
    for found in parity:
        # A NaN fails this too.
        if not found.largest <= TOLERANCE[found.output]:
            limit = TOLERANCE[found.output]
            raise BundleError(
                f"{path.name}: {found.output} differs from PyTorch by {found.largest:.3g} (limit {limit:g}); "
                "export it again"
            )
    return parity


def _write_detector(
    network: PersonDetector, calibration: Calibration, folder: Path, scenes: tuple[torch.Tensor, ...]
) -> tuple[GraphSpec, list[Parity]]:
    module = round_weights(DetectorGraph(network, iou=calibration.detection_iou).eval())
    names = ["boxes", "scores"]
    path = folder / "detector.onnx"
    export_onnx(module, scenes[0], path, input_name="image", output_names=names, free="HW")
    parity = checked(module, path, list(scenes), names, ranked=True)
    outputs = [_tensor("boxes", (1, MAXIMUM_BOXES, 4)), _tensor("scores", (1, MAXIMUM_BOXES))]
    detection = DetectionSpec(
        score=calibration.detection_score, iou=calibration.detection_iou, pixels=calibration.detection_pixels
    )
    picture = _picture((1, "H", "W", 3))
    return _graph(folder, "detector", "scene", "frame", picture, outputs, detection=detection), parity


def _write_pose(
    network: EdgePose, calibration: Calibration, folder: Path, crops: torch.Tensor
) -> tuple[GraphSpec, list[Parity]]:
    module = round_weights(PoseGraph(network, calibration.confidence).eval())
    names = ["joints", "confidence", "joint_maps"]
    path = folder / "pose.onnx"
    export_onnx(module, crops[:2], path, input_name="image", output_names=names, free="N")
    parity = checked(module, path, [crops, crops[:1]], names)
    joints = len(BODY_21.joints)
    picture = _picture(("N", network.size.height, network.size.width, 3))
    maps = ("N", joints, network.size.height // MAP_STRIDE, network.size.width // MAP_STRIDE)
    outputs = [_tensor("joints", ("N", joints, 2)), _tensor("confidence", ("N", joints)), _tensor("joint_maps", maps)]
    crop, skeleton = CropSpec(padding=NETWORK_PADDING), _skeleton(calibration.joint_confidence)
    return _graph(folder, "pose", "person", "frame", picture, outputs, crop=crop, skeleton=skeleton), parity


def write_action_graphs(
    network: EdgeAction,
    folder: Path,
    clips: torch.Tensor,
    *,
    labels: tuple[str, ...],
    temperature: float,
    score: float,
    joint_confidence: float,
) -> list[tuple[GraphSpec, list[Parity]]]:
    """Export and compare the clip graph and the graph that explains it.

    Args:
        network: Is rounded in place.
        folder: Where ``action.onnx`` and ``explain.onnx`` go.
        clips: ``(C, 32, 21, 3)`` real clips, C ≥ 2.
        labels: In the order of the network's outputs, `OTHER` among them.
        temperature: Of the logits.
        score: From this on, an action starts.
        joint_confidence: Under this, joints are not drawn.

    Raises:
        BundleError: A graph does not give what its network gives.
    """
    module = ClipNetwork(round_weights(network.eval()), temperature=temperature).eval()
    joints = len(BODY_21.joints)
    path = folder / "action.onnx"
    export_onnx(module, clips[:2], path, input_name="features", output_names=["actions"], free="N")
    parity = checked(module, path, [clips, clips[:1]], ["actions"])
    skeleton, clip = _skeleton(joint_confidence), ClipSpec(length=CLIP_LENGTH, stride_seconds=CLIP_STRIDE_SECONDS)
    head = HeadSpec(name=ACTION_HEAD, labels=labels, other_label=OTHER, score=score)
    poses, actions = _poses(("N", CLIP_LENGTH, joints, 3)), _tensor("actions", ("N", len(labels)), head=ACTION_HEAD)
    action = _graph(folder, "action", "person", "clip", poses, [actions], skeleton=skeleton, clip=clip, heads=(head,))
    explain = explain_graph(module, clips[:1])
    path = folder / "explain.onnx"
    export_onnx(explain, clips[:1], path, input_name="features", output_names=["relevance"], free="")
    explained = checked(explain, path, list(clips[:8].split(1)), ["relevance"])
    poses, relevance = (
        _poses((1, CLIP_LENGTH, joints, 3)),
        _tensor("relevance", (1, CLIP_LENGTH, joints), head=ACTION_HEAD),
    )
    graph = _graph(folder, "explain", "person", "clip", poses, [relevance], skeleton=skeleton, clip=clip)
    return [(action, parity), (graph, explained)]


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
    partial = out.with_name(f".{out.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    written = [
        _write_detector(networks.detector, calibration, partial, samples.scenes),
        _write_pose(networks.pose, calibration, partial, samples.crops),
    ]
    if networks.action is not None:
        written += write_action_graphs(
            networks.action,
            partial,
            samples.clips,
            labels=LABELS,
            temperature=calibration.temperature,
            score=calibration.action_score,
            joint_confidence=calibration.joint_confidence,
        )
    manifest = Manifest(
        schema_version=SCHEMA_VERSION,
        name=name,
        version=version,
        created=created,
        licence="Apache-2.0",
        graphs=tuple(graph for graph, _ in written),
        training=training,
        parity={graph.name: [asdict(found) for found in parity] for graph, parity in written},
    )
    (partial / MANIFEST_NAME).write_text(
        json.dumps(manifest.model_dump(mode="json"), indent=1) + "\n", encoding="utf-8"
    )
    return put_in_place(partial, out)


def put_in_place(partial: Path, out: Path) -> Bundle:
    """Give a complete bundle's folder its final name, in place of what was there, and open it."""
    before = out.with_name(f".{out.name}.before")
    shutil.rmtree(before, ignore_errors=True)
    if out.exists():
        out.rename(before)
    partial.rename(out)
    shutil.rmtree(before, ignore_errors=True)
    return load_bundle(out)

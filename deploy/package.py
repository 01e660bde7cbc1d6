"""Networks and calibration → a bundle: four checked ONNX graphs and the manifest that describes them.

The folder appears under its name only when it is whole.
"""

import hashlib
import json
import shutil
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from deploy.explain import explain_graph
from deploy.export import MINIMUM_HALF_ELEMENTS, export_onnx
from deploy.parity import Parity, check_parity
from deploy.quantize import CalibrationPictures, quantize_graph
from deploy.wrap import DetectorGraph, PoseGraph
from edgeact.bundle import (
    MANIFEST_NAME,
    SCHEMA_VERSION,
    Bundle,
    CalibrationSpec,
    ClipSpec,
    GraphSpec,
    Manifest,
    TensorSpec,
    load_bundle,
)
from edgeact.errors import BundleError
from edgeact.skeleton import BODY_21
from trainer.data.action_sequences import LABELS, OTHER
from trainer.data.pose_patches import NETWORK_PADDING
from trainer.layers.convolution import fold_normalisation
from trainer.models.edge_action import CLIP_LENGTH, CLIP_STRIDE_SECONDS, ClipNetwork, EdgeAction
from trainer.models.edge_detector import INPUT_HEIGHT as SCENE_HEIGHT
from trainer.models.edge_detector import INPUT_WIDTH as SCENE_WIDTH
from trainer.models.edge_detector import MAXIMUM_BOXES, EdgeDetector
from trainer.models.edge_pose import INPUT_HEIGHT, INPUT_WIDTH, MAP_HEIGHT, MAP_WIDTH, EdgePose

# Largest difference to PyTorch that is accepted: pixels for joints and boxes, shares for the rest. The values found
# stand in the manifest. A gradient jumps where a ReLU's input lies within rounding of 0: of 17 validation clips one
# differed by .0018, all the others by 1e-5 at most; relevance itself reaches 1, and a wrong graph is wrong by as much.
TOLERANCE = {
    "boxes": 0.05, "scores": 1e-4, "joints": 0.05, "confidence": 1e-3, "joint_maps": 1e-3, "actions": 1e-4,
    "relevance": 0.02,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Calibration:
    """Numbers chosen on validation data; the first three go into the graphs, the others into the manifest.

    Attributes:
        confidence_slope: Per joint, see `PoseGraph`.
        confidence_offset: Per joint.
        temperature: Of the action logits.
        detection_score: See `CalibrationSpec`; so are the next three.
        detection_iou: Largest overlap of two persons' boxes.
        joint_confidence: Under this, joints are not drawn.
        action_score: From this on, an action starts.
    """

    confidence_slope: tuple[float, ...]
    confidence_offset: tuple[float, ...]
    temperature: float
    detection_score: float
    detection_iou: float
    joint_confidence: float
    action_score: float


@dataclass(frozen=True, slots=True, eq=False)
class Networks:
    """Trained networks; without an action network the bundle detects and poses only."""

    detector: EdgeDetector
    pose: EdgePose
    action: EdgeAction | None


@dataclass(frozen=True, slots=True, eq=False)
class Samples:
    """Real inputs to compare PyTorch and ONNX Runtime on.

    Attributes:
        scenes: ``(S, 256, 416, 3)`` uint8 RGB.
        crops: ``(P, 160, 128, 3)`` uint8 RGB, P ≥ 2.
        clips: ``(C, 32, 21, 3)`` float32 x, y, confidence, C ≥ 2.
    """

    scenes: torch.Tensor
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


def _tensor(name: str, shape: tuple[Any, ...], dtype: str = "float32") -> TensorSpec:
    return TensorSpec.model_validate({"name": name, "meaning": name, "shape": shape, "dtype": dtype})


def _graph(
    folder: Path,
    name: str,
    scope: str,
    horizon: str,
    inputs: TensorSpec,
    outputs: list[TensorSpec],
    *,
    precision: str = "float32",
) -> GraphSpec:
    file = f"{name}.onnx"
    digest = hashlib.sha256((folder / file).read_bytes()).hexdigest()
    values = {"name": name, "file": file, "sha256": digest, "scope": scope, "horizon": horizon, "precision": precision}
    return GraphSpec.model_validate(values | {"inputs": [inputs], "outputs": outputs})


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


def _quantized(
    module: nn.Module,
    path: Path,
    pictures: np.ndarray,
    samples: list[torch.Tensor],
    parity: list[Parity],
    names: list[str],
) -> tuple[str, list[Parity]]:
    """Where there are pictures, quantise a checked graph in place: its precision, and how far it is from PyTorch
    then.
    """
    if not len(pictures):
        return "float32", parity
    quantize_graph(path, path, pictures)
    return "int8", check_parity(module, path, samples, output_names=names)


def _write_detector(
    network: EdgeDetector, folder: Path, scenes: torch.Tensor, pictures: np.ndarray
) -> tuple[GraphSpec, list[Parity]]:
    module = round_weights(fold_normalisation(DetectorGraph(network).eval()))
    names = ["boxes", "scores"]
    path = folder / "detector.onnx"
    export_onnx(module, scenes[:1], path, input_name="image", output_names=names, dynamic_batch=False)
    parity = checked(module, path, list(scenes.split(1)), names, ranked=True)
    precision, parity = _quantized(module, path, pictures, list(scenes.split(1)), parity, names)
    image = _tensor("image", (1, SCENE_HEIGHT, SCENE_WIDTH, 3), "uint8")
    outputs = [_tensor("boxes", (1, MAXIMUM_BOXES, 4)), _tensor("scores", (1, MAXIMUM_BOXES))]
    return _graph(folder, "detector", "scene", "frame", image, outputs, precision=precision), parity


def _write_pose(
    network: EdgePose, calibration: Calibration, folder: Path, crops: torch.Tensor, pictures: np.ndarray
) -> tuple[GraphSpec, list[Parity]]:
    slope, offset = torch.tensor(calibration.confidence_slope), torch.tensor(calibration.confidence_offset)
    module = round_weights(fold_normalisation(PoseGraph(network, slope, offset).eval()))
    names = ["joints", "confidence", "joint_maps"]
    path = folder / "pose.onnx"
    export_onnx(module, crops[:2], path, input_name="image", output_names=names, dynamic_batch=True)
    parity = checked(module, path, [crops, crops[:1]], names)
    precision, parity = _quantized(module, path, pictures, [crops, crops[:1]], parity, names)
    joints = len(BODY_21.joints)
    image = _tensor("image", ("N", INPUT_HEIGHT, INPUT_WIDTH, 3), "uint8")
    maps = ("N", joints, MAP_HEIGHT, MAP_WIDTH)
    outputs = [_tensor("joints", ("N", joints, 2)), _tensor("confidence", ("N", joints)), _tensor("joint_maps", maps)]
    return _graph(folder, "pose", "person", "frame", image, outputs, precision=precision), parity


def _write_action(
    network: EdgeAction, temperature: float, folder: Path, clips: torch.Tensor
) -> list[tuple[GraphSpec, list[Parity]]]:
    module = ClipNetwork(round_weights(network.eval()), temperature=temperature).eval()
    joints = len(BODY_21.joints)
    path = folder / "action.onnx"
    export_onnx(module, clips[:2], path, input_name="features", output_names=["actions"], dynamic_batch=True)
    parity = checked(module, path, [clips, clips[:1]], ["actions"])
    features = _tensor("features", ("N", CLIP_LENGTH, joints, 3))
    action = _graph(folder, "action", "person", "clip", features, [_tensor("actions", ("N", len(LABELS)))])
    explain = explain_graph(module, clips[:1])
    path = folder / "explain.onnx"
    export_onnx(explain, clips[:1], path, input_name="features", output_names=["relevance"], dynamic_batch=False)
    explained = checked(explain, path, list(clips[:8].split(1)), ["relevance"])
    one = _tensor("features", (1, CLIP_LENGTH, joints, 3))
    graph = _graph(folder, "explain", "person", "clip", one, [_tensor("relevance", (1, CLIP_LENGTH, joints))])
    return [(action, parity), (graph, explained)]


def write_bundle(
    out: Path,
    networks: Networks,
    calibration: Calibration,
    samples: Samples,
    *,
    pictures: CalibrationPictures | None = None,
    version: str,
    created: str,
    training: dict[str, Any],
) -> Bundle:
    """Export, compare and describe every graph, then put the folder in place of what was there.

    Args:
        out: The bundle's folder.
        networks: Are folded and rounded in place.
        calibration: Chosen on validation data.
        samples: Real inputs.
        pictures: To quantise with, after the float graph was compared; None keeps float32.
        version: Of the bundle.
        created: Date, ``YYYY-MM-DD``.
        training: What the manifest says about data, recipe and metrics; which pictures it was quantised with is added.

    Raises:
        BundleError: A graph does not give what its network gives.
    """
    partial = out.with_name(f".{out.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    nothing = np.empty(0, np.uint8)
    scenes, crops = (nothing, nothing) if pictures is None else (pictures.scenes, pictures.crops)
    written = [
        _write_detector(networks.detector, partial, samples.scenes, scenes),
        _write_pose(networks.pose, calibration, partial, samples.crops, crops),
    ]
    if networks.action is not None:
        written += _write_action(networks.action, calibration.temperature, partial, samples.clips)
    manifest = Manifest(
        schema_version=SCHEMA_VERSION,
        name="compact",
        version=version,
        created=created,
        licence="Apache-2.0",
        skeleton=BODY_21.name,
        joints=BODY_21.joints,
        labels=LABELS,
        other_label=OTHER,
        clip=ClipSpec(length=CLIP_LENGTH, stride_seconds=CLIP_STRIDE_SECONDS),
        calibration=CalibrationSpec(
            detection_score=calibration.detection_score,
            detection_iou=calibration.detection_iou,
            pose_padding=NETWORK_PADDING,
            joint_confidence=calibration.joint_confidence,
            action_score=calibration.action_score,
        ),
        graphs=tuple(graph for graph, _ in written),
        training=training if pictures is None else training | {"quantized_with": pictures.described()},
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

"""The pose networks that stand side by side on true boxes: ours as the runtime runs it, and the published peers."""

import importlib.util
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from edgeact.bundle.load import Bundle
from edgeact.engine.engine import Engine
from edgeact.perception.pose import PoseEstimator
from edgeact.skeleton import COCO_17, select_joints
from trainer.evaluate.wild.detectors import OURS
from trainer.evaluate.wild.movenet import MoveNet
from trainer.evaluate.wild.recorded import pose_graph
from trainer.evaluate.wild.tinypose import TinyPose

TINYPOSE, TINYPOSE_FLIP, MOVENET = "TinyPose", "TinyPose + flip", "MoveNet int8"
RIGHT = 0.2  # torso lengths from the human's joint


@dataclass(frozen=True, slots=True, eq=False)
class PosePanel:
    """All pose networks at once, because one run of TinyPose's graph gives two columns.

    Attributes:
        names: The columns, ours first.
        estimate: Picture ``(H, W, 3)`` uint8 RGB and box ``(4,)`` → by name joints ``(17, 3)`` x, y (pixels), score.
        graphs: Picture and box → by name a call of the network alone.
    """

    names: tuple[str, ...]
    estimate: Callable[[np.ndarray, np.ndarray], dict[str, np.ndarray]]
    graphs: Callable[[np.ndarray, np.ndarray], dict[str, Callable[[], object]]]


def open_poses(bundle: Bundle, teachers: Path) -> PosePanel:
    """Ours, TinyPose without and with its mirrored look, and MoveNet where its runtime is installed."""
    ours, tiny = PoseEstimator(Engine(bundle)), TinyPose(teachers)
    move = MoveNet(teachers) if importlib.util.find_spec("ai_edge_litert") is not None else None

    def estimate(rgb: np.ndarray, box: np.ndarray) -> dict[str, np.ndarray]:
        features = ours.estimate(rgb, np.asarray(box, np.float32)[None]).features[0]
        plain, flipped = tiny.looks(rgb, box)
        found = {OURS: select_joints(features, bundle.skeleton, COCO_17), TINYPOSE: plain, TINYPOSE_FLIP: flipped}
        return found if move is None else found | {MOVENET: move.estimate(rgb, box)}

    def graphs(rgb: np.ndarray, box: np.ndarray) -> dict[str, Callable[[], object]]:
        calls = {OURS: pose_graph(ours, rgb, box), TINYPOSE: tiny.graph(rgb, box)}
        return calls if move is None else calls | {MOVENET: move.graph(rgb, box)}

    names = (OURS, TINYPOSE, TINYPOSE_FLIP)
    return PosePanel(names if move is None else (*names, MOVENET), estimate, graphs)

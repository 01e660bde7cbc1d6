"""Runs graphs of example bundles, without the runtime."""

from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

import numpy as np
import onnxruntime
import torch

from edgeact.bundle.manifest import MANIFEST_NAME, Manifest

ExampleBundle: TypeAlias = Callable[[str], Path]


def run(folder: Path, graph: str, inputs: torch.Tensor) -> dict[str, np.ndarray]:
    session = onnxruntime.InferenceSession((folder / f"{graph}.onnx").read_bytes(), providers=["CPUExecutionProvider"])
    names = [output.name for output in session.get_outputs()]
    return dict(zip(names, session.run(names, {session.get_inputs()[0].name: inputs.numpy()}), strict=True))


def manifest_of(folder: Path) -> Manifest:
    return Manifest.model_validate_json((folder / MANIFEST_NAME).read_text())


def largest_is_one(maps: np.ndarray) -> np.ndarray:
    """Maps ``(n, h, w)`` over their own largest value, what is negative cut off; 0 where nothing is positive."""
    largest = maps.max((1, 2), keepdims=True)
    return np.where(largest > 0, np.maximum(maps, 0) / np.where(largest > 0, largest, 1), 0)

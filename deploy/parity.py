"""How far an ONNX graph in ONNX Runtime is from the PyTorch module that it was made of."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnxruntime
import torch
from scipy.optimize import linear_sum_assignment
from torch import nn

# Scores this close are a tie. Sums in another order move them by 7e-6 (measured on a processor with AVX2), which
# decides who comes first.
TIE = 1e-4


@dataclass(frozen=True, slots=True)
class Parity:
    """Largest and mean absolute difference between PyTorch and ONNX Runtime over all samples, of one output, and
    PyTorch's largest absolute value.
    """

    output: str
    largest: float
    mean: float
    reference: float


def check_parity(
    module: nn.Module, path: Path, samples: list[torch.Tensor], *, output_names: list[str], ranked: bool = False
) -> list[Parity]:
    """Run both on the same inputs and compare every output.

    Args:
        module: Takes one tensor, returns a tensor or a tuple of them.
        path: The graph.
        samples: Inputs.
        output_names: Names of the outputs, in the module's order.
        ranked: The outputs are boxes ``(N, K, 4)`` and scores ``(N, K)``, highest first: rows whose scores tie may have
            changed places.
    """
    session = onnxruntime.InferenceSession(path.read_bytes(), providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name
    largest, total, count, peak = (np.zeros(len(output_names)) for _ in range(4))
    for sample in samples:
        with torch.no_grad():
            outputs = module(sample)
        wanted = [value.numpy() for value in (outputs if isinstance(outputs, tuple) else (outputs,))]
        found = session.run(output_names, {name: sample.numpy()})
        if ranked:
            found = _in_order(found, wanted)
        for index, (value, reference) in enumerate(zip(found, wanted, strict=True)):
            difference = np.abs(value - reference)
            largest[index] = np.maximum(largest[index], difference.max())  # unlike Python's max, this keeps a NaN
            total[index] += float(difference.sum())
            count[index] += difference.size
            peak[index] = np.maximum(peak[index], np.abs(reference).max())
    return [
        Parity(name, float(most), float(part / number), float(top))
        for name, most, part, number, top in zip(output_names, largest, total, count, peak, strict=True)
    ]


def _in_order(found: list[np.ndarray], wanted: list[np.ndarray]) -> list[np.ndarray]:
    """The found boxes and scores with tied rows in the wanted order: each where its box is nearest."""
    boxes, scores = (array.copy() for array in found)
    for sample, (reference, reference_scores) in enumerate(zip(*wanted, strict=True)):
        distance = np.abs(boxes[sample][None] - reference[:, None]).max(-1)  # (wanted, found)
        apart = np.abs(scores[sample][None] - reference_scores[:, None]) > TIE
        cost = np.nan_to_num(distance, nan=1e6) + 1e6 * apart + 1e6 * ~np.isfinite(scores[sample])
        order = linear_sum_assignment(cost)[1]
        boxes[sample], scores[sample] = boxes[sample][order], scores[sample][order]
    return [boxes, scores]

"""PyTorch module → ONNX file: dynamic batch, weights stored in half precision."""

import logging
import re
import warnings
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper
from torch import nn

from edgeact.bundle.manifest import FreeDimension
from edgeact.errors import BundleError
from edgeact.perception.detect import SIDE_MULTIPLE

OPSET = 20  # the newest that ONNX Runtime 1.17 and JetPack 6's builds of it execute
# Smaller tensors (biases, axes, tables) stay as they are: they carry no weight in bytes, and some in precision.
MINIMUM_HALF_ELEMENTS = 512
# How the exporter's messages name an operator that it cannot translate.
_OPERATOR = re.compile(r"No ONNX function found for .*?([a-z_]+[.:]+[\w.]+)")


def export_onnx(
    module: nn.Module,
    example: torch.Tensor,
    path: Path,
    *,
    input_name: str,
    output_names: list[str],
    free: Sequence[FreeDimension],
    half_products: bool = False,
) -> None:
    """Trace a module in evaluation mode and write it as ONNX.

    Args:
        module: Takes one tensor, returns a tensor or a tuple of them.
        example: An input; with "N" free its first axis must be 2 or more, else tracing takes 1 as a constant.
        path: File to write.
        input_name: Name of the input.
        output_names: Names of the outputs, in order.
        free: Which axes may change: "N" the first, "H" and "W" the second and third by steps of `SIDE_MULTIPLE`.
        half_products: See `store_half`.

    Raises:
        BundleError: ONNX has no operator for something that the module does, or the module cannot be traced; the
            message names the operator where it is known.
    """
    dimensions = {
        "N": (0, lambda: torch.export.Dim("N", min=1, max=256)),
        "H": (1, lambda: SIDE_MULTIPLE * torch.export.Dim("rows", min=2, max=256)),
        "W": (2, lambda: SIDE_MULTIPLE * torch.export.Dim("columns", min=2, max=256)),
    }
    axes = dict(dimensions[name] for name in free)
    shapes = ({axis: make() for axis, make in axes.items()},) if free else None
    logging.getLogger("torch.onnx").setLevel(
        logging.ERROR
    )  # it reports every operator of torchvision, which is not needed
    with torch.no_grad(), warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # torch's own
        try:
            program = torch.onnx.export(
                module.eval(),
                (example,),
                dynamo=True,
                opset_version=OPSET,
                input_names=[input_name],
                output_names=output_names,
                dynamic_shapes=shapes,
                verbose=False,
            )
        except torch.onnx.OnnxExporterError as error:
            raise BundleError(f"{path.name} cannot be exported: {_reason(error)}") from error
    assert program is not None
    model = program.model_proto
    store_half(model, products=half_products)
    model.doc_string, model.producer_name, model.producer_version = "", "edgeact", ""
    for node in model.graph.node:  # the exporter writes source locations of this machine into every node
        node.doc_string = ""
        del node.metadata_props[:]
    del model.metadata_props[:]
    del model.graph.metadata_props[:]
    for value in (*model.graph.value_info, *model.graph.input, *model.graph.output):
        del value.metadata_props[:]
    onnx.checker.check_model(model)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(model.SerializeToString())


def _reason(error: BaseException) -> str:
    """What stopped the exporter, and the remedy: the operator is named where the chain of causes knows it."""
    causes = [error]
    while (cause := causes[-1].__cause__) is not None:
        causes.append(cause)
    for cause in causes:
        if found := _OPERATOR.search(str(cause)):
            return f"ONNX has no operator for {found.group(1)}; write the module without it"
    first_line = next(iter(str(causes[-1]).strip().splitlines()), type(causes[-1]).__name__)
    return (
        f"the module cannot be traced ({first_line[:200]}); its forward pass may depend on no values, and all its axes "
        "but those that may change must be fixed"
    )


def store_half(model: onnx.ModelProto, *, products: bool = False) -> None:
    """Keep large float32 weights that float16 holds exactly as float16, with a Cast behind each, in place.

    ONNX Runtime casts them back once when it loads the graph, so that the file is half as large and the arithmetic
    stays float32. Others stay as they are: the exporter multiplies a convolution's weights by the normalisation behind
    it, and rounding the products would make another network of them (joint maps of a small system A moved by .004).

    Args:
        model: Is changed.
        products: Round those products too. For networks that bear it: an action network's probabilities moved by
            2e-4, a lifter's joints by half a millimetre, and their files are half as large.
    """
    casts = []
    for tensor in list(model.graph.initializer):
        if tensor.data_type != TensorProto.FLOAT or np.prod(tensor.dims) < MINIMUM_HALF_ELEMENTS:
            continue
        values = numpy_helper.to_array(tensor)
        with np.errstate(over="ignore"):  # beyond float16's range
            rounded = values.astype(np.float16)
        exact = np.array_equal(rounded.astype(np.float32), values)
        if not (exact or (products and np.isfinite(rounded).all())):
            continue
        half = numpy_helper.from_array(rounded, name=f"{tensor.name}_half")
        casts.append(
            helper.make_node("Cast", [half.name], [tensor.name], name=f"{tensor.name}_cast", to=TensorProto.FLOAT)
        )
        model.graph.initializer.remove(tensor)
        model.graph.initializer.append(half)
    nodes = [*casts, *model.graph.node]
    del model.graph.node[:]
    model.graph.node.extend(nodes)
    _keep_shapes_of_resized(model)


def _keep_shapes_of_resized(model: onnx.ModelProto) -> None:
    """Of all shapes that the exporter has written down keep those behind a Resize, in place.

    Shapes are inferred again when a graph is loaded, but inference forgets behind a Resize that the batch is still the
    input's. ONNX Runtime then takes branches that are added for tensors of different shapes, and copies both: the slim
    pose network takes 7 % longer.
    """
    resized = {node.output[0] for node in model.graph.node if node.op_type == "Resize"}
    kept = [value for value in model.graph.value_info if value.name in resized]
    del model.graph.value_info[:]
    model.graph.value_info.extend(kept)


@torch.no_grad()
def round_weights(module: nn.Module) -> nn.Module:
    """Round what the file will store in half precision, in place: the graph is then exactly the network that was
    compared.
    """
    for tensor in (*module.parameters(), *module.buffers()):
        if tensor.is_floating_point() and tensor.numel() >= MINIMUM_HALF_ELEMENTS:
            tensor.copy_(tensor.half().float())
    return module

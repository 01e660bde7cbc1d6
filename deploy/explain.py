"""Functions of `trainer.attribution` → plain graphs, without autograd at run time; of one of them the bundle's explain
graph.

Forward and backward pass are traced together into one graph. Whatever of the backward pass ONNX has no operator for is
written with those that it has: ``convolution_backward``, for one, becomes a transposed convolution.
"""

from collections.abc import Callable

import torch
from torch import nn
from torch._decomp import get_decompositions
from torch.fx.experimental.proxy_tensor import disable_proxy_modes_tracing, make_fx

from trainer.attribution.joint_relevance import joint_relevance
from trainer.models.edge_action import ClipNetwork


# The signature is the operator's, of which not everything is needed.
def _convolution_backward(  # type: ignore[no-untyped-def]
    grad, x, weight, _bias_sizes, stride, padding, dilation, _transposed, _output_padding, groups, _mask
):
    """Gradient of a convolution with respect to its input only, as a transposed convolution with the same weights."""
    extra = [
        x.shape[2 + axis]
        - (
            (grad.shape[2 + axis] - 1) * stride[axis]
            - 2 * padding[axis]
            + dilation[axis] * (weight.shape[2 + axis] - 1)
            + 1
        )
        for axis in range(weight.ndim - 2)
    ]
    if weight.ndim == 4 and groups == 1 and not any(extra) and set(stride) == {1}:
        # The same as a plain convolution with turned weights, which ONNX Runtime computes in a third of the time.
        with disable_proxy_modes_tracing():
            turned = weight.flip(2, 3).transpose(0, 1).contiguous()
        rest = [
            step * (size - 1) - border for step, size, border in zip(dilation, weight.shape[2:], padding, strict=True)
        ]
        return torch.ops.aten.convolution(grad, turned, None, stride, rest, dilation, False, [0, 0], 1), None, None
    return torch.ops.aten.convolution(grad, weight, None, stride, padding, dilation, True, extra, groups), None, None


# Of its signature, too, not everything is needed.
def _max_pool_backward(  # type: ignore[no-untyped-def]
    grad, x, _kernel, _stride, _padding, _dilation, _ceil, indices
):
    """Gradient of a maximum pooling: each output's gradient goes to the place that its maximum came from."""
    places = torch.zeros_like(x).flatten(2).scatter_add(2, indices.flatten(2), grad.flatten(2))
    return places.reshape(x.shape)


# The signature is the operator's, of whose scales nothing is needed.
def _upsample_nearest_backward(  # type: ignore[no-untyped-def]
    grad, output_size, input_size, _scale_rows=None, _scale_columns=None
):
    """Gradient of an up-sampling by nearest cells: each cell gets the sum over those that were made of it."""
    with disable_proxy_modes_tracing():  # constants
        rows, columns = (
            torch.nn.functional.one_hot(torch.arange(large) * small // large, small).to(torch.float32)
            for large, small in zip(output_size, input_size[2:], strict=True)
        )
    return rows.T @ grad @ columns


# The signatures of the next two, too, are the operators'.
def _batch_normalisation(  # type: ignore[no-untyped-def]
    x, weight, bias, mean, variance, training, _momentum, epsilon
):
    """Batch normalisation in evaluation mode, as one multiplication and one addition.

    Left as it is, the exporter would multiply the weights of the convolution before it by its own, and the file would
    keep the products in half precision, which are not the numbers that `deploy.export.round_weights` had rounded: a
    gated 3D ResNeXt's Sum3DCAM moved by .08.
    """
    if training:
        raise ValueError(
            "the network is in training mode, in which samples of a batch touch each other; call eval() on it first"
        )
    factor = _factor(x, weight, variance, epsilon)
    with disable_proxy_modes_tracing():  # as in _factor
        offset = bias.reshape(factor.shape) - mean.reshape(factor.shape) * factor
    shifted = x * factor + offset
    return shifted, x.new_empty(0), x.new_empty(0)


def _batch_normalisation_backward(  # type: ignore[no-untyped-def]
    grad, x, weight, _mean, variance, _saved_mean, _saved_deviation, _training, epsilon, _mask
):
    """Gradient of the same with respect to its input only."""
    return grad * _factor(x, weight, variance, epsilon), None, None


def _factor(x: torch.Tensor, weight: torch.Tensor, variance: torch.Tensor, epsilon: float) -> torch.Tensor:
    """What a normalisation of (N, C, ...) multiplies by: (C, 1, ...)."""
    with disable_proxy_modes_tracing():  # a constant, worked out here and not by the graph
        return (weight * torch.rsqrt(variance + epsilon)).reshape(-1, *[1] * (x.ndim - 2))


def trace_gradient(
    function: Callable[[torch.Tensor], torch.Tensor | tuple[torch.Tensor, ...]], example: torch.Tensor
) -> nn.Module:
    """Trace a function that asks for gradients into one plain graph, forward and backward pass together, for inputs of
    the example's shape.

    Args:
        function: Of one tensor, as all of `trainer.attribution` are once they are given a network: that in evaluation
            mode, every weight frozen.
        example: An input.

    Raises:
        ValueError: A normalisation is in training mode.
    """
    aten = torch.ops.aten
    table = {
        aten.convolution_backward.default: _convolution_backward,
        aten.max_pool2d_with_indices_backward.default: _max_pool_backward,
        aten.max_pool3d_with_indices_backward.default: _max_pool_backward,
        aten.upsample_nearest2d_backward.default: _upsample_nearest_backward,
        aten.native_batch_norm.default: _batch_normalisation,
        aten.native_batch_norm_backward.default: _batch_normalisation_backward,
    }
    table |= get_decompositions(
        [
            aten.threshold_backward,
            aten.value_selecting_reduction_backward,
            aten._log_softmax_backward_data,
            aten.slice_backward,
            aten.select_backward,
        ]
    )

    def traced(inputs: torch.Tensor) -> torch.Tensor | tuple[torch.Tensor, ...]:
        return function(inputs.detach().requires_grad_(True))

    with torch.enable_grad():
        return make_fx(traced, decomposition_table=table)(example)


def explain_graph(network: ClipNetwork, example: torch.Tensor) -> nn.Module:
    """Trace `joint_relevance` of a frozen network, gradient included, for inputs of the example's shape (1, T, J,
    3).
    """
    frozen = network.eval().requires_grad_(False)
    return trace_gradient(lambda features: joint_relevance(frozen, features), example)

"""The explain graph: how much each joint of each frame speaks for the winning action, without autograd at run time.

Relevance is gradient times input (Shrikumar et al., "Not Just a Black Box", 2016) of the winning action's logit, at the joints' place and
confidence. Forward and backward pass are traced together into one plain graph; ``convolution_backward`` becomes a transposed convolution.
"""

from collections.abc import Callable

import torch
from torch import nn
from torch._decomp import get_decompositions
from torch.fx.experimental.proxy_tensor import make_fx

from trainer.models.edge_action import ClipNetwork


# The signature is the operator's, of which not everything is needed.
def _convolution_backward(  # type: ignore[no-untyped-def]
    grad, x, weight, _bias_sizes, stride, padding, dilation, _transposed, _output_padding, groups, _mask
):
    """Gradient of a convolution with respect to its input only, as a transposed convolution with the same weights."""
    extra = [
        x.shape[2 + axis]
        - ((grad.shape[2 + axis] - 1) * stride[axis] - 2 * padding[axis] + dilation[axis] * (weight.shape[2 + axis] - 1) + 1)
        for axis in range(weight.ndim - 2)
    ]
    return torch.ops.aten.convolution(grad, weight, None, stride, padding, dilation, True, extra, groups), None, None


# Of its signature, too, not everything is needed.
def _max_pool_backward(  # type: ignore[no-untyped-def]
    grad, x, _kernel, _stride, _padding, _dilation, _ceil, indices
):
    """Gradient of a maximum pooling: each output's gradient goes to the place that its maximum came from."""
    places = torch.zeros_like(x).flatten(2).scatter_add(2, indices.flatten(2), grad.flatten(2))
    return places.reshape(x.shape)


def joint_relevance(network: ClipNetwork, features: torch.Tensor) -> torch.Tensor:
    """Relevance ≥ 0 of each joint and frame for the most probable action: features (1, T, J, 3) → (1, T, J).

    The input's mean over the clip is the reference: gradient times (joint − its mean place) is what the joint's *movement* and posture
    add to the logit; negative contributions are cut off.
    """
    logits = network.logits(features)
    (gradient,) = torch.autograd.grad(logits.max(1).values.sum(), features)
    place = features[..., :2]
    reference = place.mean((1, 2), keepdim=True)
    return torch.relu((gradient[..., :2] * (place - reference)).sum(-1))


def trace_gradient(function: Callable[[torch.Tensor], torch.Tensor], example: torch.Tensor) -> nn.Module:
    """Trace a function that asks for gradients into one plain graph, forward and backward pass together, for inputs of the example's shape.

    Args:
        function: Of one tensor; every weight it uses must be frozen.
        example: An input.
    """
    aten = torch.ops.aten
    table = {
        aten.convolution_backward.default: _convolution_backward,
        aten.max_pool2d_with_indices_backward.default: _max_pool_backward,
        aten.max_pool3d_with_indices_backward.default: _max_pool_backward,
    }
    table |= get_decompositions(
        [
            aten.threshold_backward,
            aten.native_batch_norm_backward,
            aten.value_selecting_reduction_backward,
            aten._log_softmax_backward_data,
            aten.slice_backward,
            aten.select_backward,
        ]
    )

    def traced(inputs: torch.Tensor) -> torch.Tensor:
        return function(inputs.detach().requires_grad_(True))

    return make_fx(traced, decomposition_table=table)(example)


def explain_graph(network: ClipNetwork, example: torch.Tensor) -> nn.Module:
    """Trace `joint_relevance` of a frozen network, gradient included, for inputs of the example's shape (1, T, J, 3)."""
    frozen = network.eval().requires_grad_(False)
    return trace_gradient(lambda features: joint_relevance(frozen, features), example)

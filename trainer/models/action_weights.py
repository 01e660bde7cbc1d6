"""Start the clip network from the action graph of a bundle: what it knows of movement, for classes of one's own.

In the graph each convolution has its batch normalisation folded in. Here they are taken apart again: the statistics are
those of given clips, scale and shift are chosen so that the network gives exactly what the graph gives.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnxruntime
import torch
from torch import nn

from edgeact.errors import SourceFormatError
from trainer.inputs.action_clip import mirror_image, spread_common
from trainer.models.edge_action import EdgeAction
from trainer.models.published import read_onnx_weights

_NORMALISED = {"stem": "stem_norm", "first": "first_norm", "second": "second_norm"}
_PREFIX = "network."
_SAME = 1e-3  # a probability differs by less where only rounding does
_NEW_ACTIONS_BELOW = 2.0  # in logits: a new action is unlikely until it has been learnt


@torch.no_grad()
def start_from_graph(network: EdgeAction, path: Path, clips: np.ndarray) -> None:
    """Take over all weights but those of the classifier, in place.

    Args:
        network: Of the graph's width.
        path: ``action.onnx`` of a bundle that `deploy` made.
        clips: ``(N, 32, 13, 3)`` common joints, on which the statistics are taken.

    Raises:
        SourceNotFoundError: There is no such file.
        SourceFormatError: The graph is not of such a network.
    """
    weights = _weights_of(path)
    norms: list[tuple[nn.Conv1d, nn.BatchNorm1d]] = []
    for name, layer in network.named_modules():
        if not isinstance(layer, nn.Conv1d):
            continue
        weight = weights.get(f"{name}.weight")
        if weight is None or weight.shape != layer.weight.shape:
            raise SourceFormatError(
                f"{path} has no weights for {name} of a clip network; use a bundle that edgeact made, or --from-scratch"
            )
        layer.weight.copy_(weight)
        parent, _, own = name.rpartition(".")
        if own in _NORMALISED:
            norm = network.get_submodule(f"{parent}.{_NORMALISED[own]}" if parent else _NORMALISED[own])
            assert isinstance(norm, nn.BatchNorm1d)
            norm.reset_parameters()
            norm.running_var.fill_(1 - norm.eps)  # type: ignore[union-attr]  # divides by 1: it only shifts
            norm.bias.copy_(weights[f"{name}.weight_bias"])
            norms.append((layer, norm))
    _spread_statistics(network, norms, clips)


@torch.no_grad()
def start_classifier(network: EdgeAction, path: Path, columns: Sequence[int]) -> None:
    """Take over the classifier, too, in place: actions that the graph knows go on being told as the graph tells them.

    Args:
        network: Whose other weights are those of the graph (`start_from_graph`); the graph's actions and more.
        path: ``action.onnx`` of a bundle that `deploy` made.
        columns: Of each of the graph's actions: its place among the network's. The last one is "other", from which new
            actions begin a little below.

    Raises:
        SourceFormatError: The graph is not of such a network, or of another number of actions.
    """
    weights = _weights_of(path)
    weight, bias = weights.get("classifier.weight"), weights.get("classifier.bias")
    if weight is None or bias is None or weight.shape != (len(columns), network.classifier.in_features):
        raise SourceFormatError(f"{path} has no classifier of {len(columns)} actions; use a bundle that edgeact made")
    network.classifier.weight.copy_(weight[-1].expand_as(network.classifier.weight))
    network.classifier.bias.fill_(float(bias[-1]) - _NEW_ACTIONS_BELOW)
    network.classifier.weight[list(columns)] = weight
    network.classifier.bias[list(columns)] = bias


def judges_mirror_images(path: Path, clips: np.ndarray) -> bool:
    """Whether a graph says the same of clips and of their mirror images, as one does that judges both together
    (`trainer.models.edge_action.EdgeAction`).

    Args:
        path: ``action.onnx``.
        clips: ``(N, 32, 13, 3)`` common joints.
    """
    session = onnxruntime.InferenceSession(path.read_bytes(), providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name
    said, of_mirrored = (session.run(None, {name: spread_common(seen)})[0] for seen in (clips, mirror_image(clips)))
    return bool(np.allclose(said, of_mirrored, atol=_SAME))


@torch.no_grad()
def temperature_of(network: EdgeAction, path: Path, clips: np.ndarray) -> float:
    """By what a graph divides the logits of its network before they become probabilities.

    Args:
        network: That of the graph.
        path: ``action.onnx``.
        clips: ``(N, 32, 13, 3)`` common joints.
    """
    logits = network.eval()(torch.from_numpy(clips)).numpy().astype(np.float64)
    session = onnxruntime.InferenceSession(path.read_bytes(), providers=["CPUExecutionProvider"])
    (probability,) = session.run(None, {session.get_inputs()[0].name: spread_common(clips)})
    logarithm = np.log(np.maximum(probability.astype(np.float64), 1e-12))
    logits -= logits.mean(1, keepdims=True)
    logarithm -= logarithm.mean(1, keepdims=True)
    return float((logits**2).sum() / (logits * logarithm).sum())


@torch.no_grad()
def fold_scales(network: EdgeAction) -> None:
    """Move the scales of the normalisations into the convolutions before them, in place; what it gives stays the same.

    A graph holds their product in half precision. Weights that are rounded after this are rounded once, to what the
    graph holds; before it, the graph would round the product of rounded weights again.
    """
    for name, layer in network.named_modules():
        parent, _, own = name.rpartition(".")
        if not isinstance(layer, nn.Conv1d) or own not in _NORMALISED:
            continue
        norm = network.get_submodule(f"{parent}.{_NORMALISED[own]}" if parent else _NORMALISED[own])
        assert isinstance(norm, nn.BatchNorm1d)
        deviation = torch.sqrt(norm.running_var + norm.eps)  # type: ignore[operator]
        scale = norm.weight / deviation
        layer.weight.mul_(scale[:, None, None])
        norm.running_mean.mul_(scale)  # type: ignore[union-attr, operator]
        norm.weight.copy_(deviation)


def _weights_of(path: Path) -> dict[str, torch.Tensor]:
    _, tensors = read_onnx_weights(path, "the action network")
    return {name.removeprefix(_PREFIX).removesuffix("_half"): value.float() for name, value in tensors.items()}


def _spread_statistics(network: EdgeAction, norms: list[tuple[nn.Conv1d, nn.BatchNorm1d]], clips: np.ndarray) -> None:
    """Give each normalisation the mean and variance of what reaches it, without changing what it gives."""
    found: dict[nn.Conv1d, tuple[torch.Tensor, torch.Tensor]] = {}

    def note(layer: nn.Module, _: tuple, output: torch.Tensor) -> None:
        assert isinstance(layer, nn.Conv1d)
        found[layer] = (output.mean((0, 2)), output.var((0, 2), unbiased=False))

    handles = [layer.register_forward_hook(note) for layer, _ in norms]
    network.eval()(torch.from_numpy(clips))
    for handle in handles:
        handle.remove()
    for layer, norm in norms:
        mean, variance = found[layer]
        norm.running_mean.copy_(mean)  # type: ignore[union-attr]
        norm.running_var.copy_(variance)  # type: ignore[union-attr]
        norm.weight.copy_(torch.sqrt(variance + norm.eps))
        norm.bias += mean

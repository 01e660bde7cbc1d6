"""What a larger network teaches a smaller one: its answers, its maps, and what it finds alike.

The teacher is one of our networks or an ONNX file. Shapes: N samples, A actions, J joints, h×w cells.
"""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import torch
from torch import nn
from torch.nn import functional

from edgeact.engine.onnx import OnnxBackend
from edgeact.errors import ConfigError, SourceNotFoundError
from edgeact.regular_file import read_regular

_LARGEST = 2**31  # bytes of a teacher; an ONNX file cannot be larger


def imitate_answers(answers: torch.Tensor, teacher: torch.Tensor, *, temperature: float = 2.0) -> torch.Tensor:
    """Kullback-Leibler divergence of softened probabilities from a teacher's, times the temperature's square so that
    its gradient does not shrink with it: a scalar (Hinton et al., "Distilling the Knowledge in a Neural Network",
    arXiv 1503.02531).

    Args:
        answers: ``(N, A)`` probabilities. Their logarithms are the scores before the softmax but for a constant, so
            that a network, or a graph, that gives probabilities alone can teach.
        teacher: The same of the teacher.
        temperature: What the scores are divided by: the higher, the more do unlikely actions count.
    """
    own, wanted = (torch.log_softmax(p.clamp_min(1e-12).log() / temperature, -1) for p in (answers, teacher))
    return temperature**2 * (wanted.exp() * (wanted - own)).sum(-1).mean()


def imitate_maps(logits: torch.Tensor, teacher: torch.Tensor, *, imitated: torch.Tensor | None = None) -> torch.Tensor:
    """Kullback-Leibler divergence of joint maps from a teacher's, mean over the imitated joints: a scalar.

    Args:
        logits: ``(N, J, h, w)`` float32, each map's softmax being its distribution.
        teacher: The same of the teacher, of any number of cells: it is averaged, or repeated, to the network's own.
        imitated: ``(N, J)`` bool, which joints; left out, all of them, labelled or not.
    """
    if teacher.shape != logits.shape:
        teacher = functional.interpolate(teacher, logits.shape[2:], mode="area")
    log_maps, of_teacher = functional.log_softmax(logits.flatten(2), -1), functional.log_softmax(teacher.flatten(2), -1)
    divergence = (of_teacher.exp() * (of_teacher - log_maps)).sum(-1)
    if imitated is None:
        return divergence.mean()
    return (divergence * imitated).sum() / imitated.sum().clamp_min(1)


def imitate_features(features: torch.Tensor, teacher: torch.Tensor) -> torch.Tensor:
    """How differently two networks find the samples of a batch alike: a scalar (Tung and Mori, "Similarity-Preserving
    Knowledge Distillation", ICCV 2019, eq. 1 to 4).

    Only products between samples are compared, so that neither channels nor cells need to agree.

    Args:
        features: ``(N, ...)``, N ≥ 2.
        teacher: ``(N, ...)``.
    """
    own, wanted = (functional.normalize(x.flatten(1) @ x.flatten(1).T, dim=1) for x in (features, teacher))
    return (own - wanted).square().mean()


@contextmanager
def watched(network: nn.Module, layer: str) -> Iterator[list[torch.Tensor]]:
    """Collect what one of a network's layers gives as long as this lasts.

    Args:
        network: In which the layer is.
        layer: Its name.

    Raises:
        ConfigError: The network has no such layer.
    """
    modules, seen = dict(network.named_modules()), []
    if layer not in modules:
        raise ConfigError(f"the network has no layer {layer!r}; take one of {', '.join(sorted(modules)[1:9])} …")

    def note(_module: nn.Module, _inputs: object, output: torch.Tensor | tuple[torch.Tensor, ...]) -> None:
        seen.append(output if isinstance(output, torch.Tensor) else output[0])

    handle = modules[layer].register_forward_hook(note)
    try:
        yield seen
    finally:
        handle.remove()


class OnnxTeacher:
    """A graph as a teacher: what one of its outputs says of a batch.

    Args:
        path: The ONNX file, with all its weights in it.
        output: Which output; None takes the first.
        sha256: Of the file; None takes any.

    Attributes:
        inputs: What the graph takes.
        output: The name of its output.

    Raises:
        SourceNotFoundError: There is no such file, or it cannot be read.
        BundleError, BackendError: It is no graph that can be opened.
        ConfigError: It has no such output, or is another file.
    """

    def __init__(self, path: Path, output: str | None = None, *, sha256: str | None = None) -> None:
        if not path.exists():
            raise SourceNotFoundError(f"{path} not found; name the ONNX file of a teacher")
        try:
            content = read_regular(path, limit=_LARGEST)
        except OSError as error:
            raise SourceNotFoundError(f"{path} cannot be read ({error.strerror}); give the file itself") from error
        found = hashlib.sha256(content).hexdigest()
        if sha256 is not None and found != sha256:
            raise ConfigError(f"{path} has sha256 {found}, not {sha256}; get the teacher that was meant")
        self._graph = OnnxBackend(content, name=path.name)
        self.inputs = self._graph.inputs
        names = [found.name for found in self._graph.outputs]
        if output is not None and output not in names:
            raise ConfigError(f"{path} has no output {output!r}; it has {', '.join(names)}")
        self.output = output or names[0]

    def __call__(self, *inputs: torch.Tensor) -> torch.Tensor:
        """The output, on the processor, for inputs in the graph's order and types."""
        return self.all_outputs(*inputs)[self.output]

    def all_outputs(self, *inputs: torch.Tensor) -> dict[str, torch.Tensor]:
        """Every output by name, as `__call__` gives one."""
        names = [given.name for given in self._graph.inputs]
        given = {name: value.cpu().numpy() for name, value in zip(names, inputs, strict=True)}
        return {name: torch.from_numpy(value) for name, value in self._graph.run(given).items()}

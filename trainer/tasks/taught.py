"""An ONNX file as the teacher of a paper's network: beside its own loss, the network imitates the file's answers, and
where wanted what one of the file's outputs finds alike.

The recipe's ``[teacher]`` names the file and its hash, so that a recipe means the same teacher everywhere.
"""

from pathlib import Path
from typing import Annotated, Literal

import torch
from pydantic import Field, model_validator
from torch import nn
from torch.nn import functional

from edgeact.errors import ConfigError
from trainer.compress.distill import OnnxTeacher, imitate_answers, imitate_features, watched
from trainer.inputs.batch import Batch
from trainer.layers.pixels import ACTIVITYNET, IMAGENET, SIGNED_UNIT, to_range
from trainer.recipe_fields import Record
from trainer.task import Task

_RANGES = {"imagenet": IMAGENET, "activitynet": ACTIVITYNET, "signed_unit": SIGNED_UNIT}


class TeacherSettings(Record):
    """A graph that maps pictures or clips to the actions of the training, in their order.

    Attributes:
        file: Its name in the folder of teachers; a plain name, so that no other folder is reached.
        sha256: Of the file.
        gives: Whether its output is probabilities or the scores before a softmax.
        pixel_range: What its float32 input, channels first, was trained to see; left out, it takes uint8 RGB, channels
            last, as the graphs of bundles do.
        output: Which output; left out, the first.
        weight: Of the imitation in the loss.
        temperature: That softens both answers.
        features: Weight of what ``features_output`` of the file finds alike, imitated in ``layer`` of the network.
        features_output: An output ``(N, ...)`` of the file; needed where ``features`` is not 0.
        layer: Name of a layer of the network; needed where ``features`` is not 0.
    """

    file: Annotated[str, Field(pattern=r"^[A-Za-z0-9_][A-Za-z0-9_.-]*\.onnx$")]
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    gives: Literal["probabilities", "scores"] = "probabilities"
    pixel_range: Literal["imagenet", "activitynet", "signed_unit"] | None = None
    output: str | None = None
    weight: Annotated[float, Field(gt=0)] = 1.0
    temperature: Annotated[float, Field(gt=0)] = 2.0
    features: Annotated[float, Field(ge=0)] = 0.0
    features_output: str | None = None
    layer: str | None = None

    @model_validator(mode="after")
    def _complete(self) -> "TeacherSettings":
        if len({self.features > 0, self.features_output is not None, self.layer is not None}) > 1:
            raise ValueError("features, features_output and layer belong together; give all or none")
        return self


class ActionTeacher:
    """An ONNX classifier of pictures or clips whose class probabilities a network in training imitates.

    Args:
        settings: Which file, and how it is asked.
        folder: In which the file lies.
        classes: How many actions there are.
        shape: Of a sample as the training has it: ``(H, W, 3)``, or ``(T, H, W, 3)`` of a clip.

    Raises:
        SourceNotFoundError: There is no such file.
        ConfigError: The file is another one, or does not fit the samples, the settings or the actions.
        BundleError, BackendError: It is no graph that can be opened, or it fails.
    """

    def __init__(self, settings: TeacherSettings, folder: Path, classes: int, shape: tuple[int, ...]) -> None:
        self._graph = OnnxTeacher(folder / settings.file, settings.output, sha256=settings.sha256)
        self._range = None if settings.pixel_range is None else _RANGES[settings.pixel_range]
        self._settings = settings
        inputs, wanted = self._graph.inputs, "uint8" if self._range is None else "float32"
        if len(inputs) != 1 or inputs[0].dtype != wanted or len(inputs[0].shape) != len(shape) + 1:
            kind = f"clips ({len(shape) + 1} dimensions)" if len(shape) == 4 else "pictures (4 dimensions)"
            takes = "; ".join(f"{one.name} {list(one.shape)} {one.dtype}" for one in inputs)
            raise ConfigError(
                f"teacher {settings.file} takes {takes}; the training asks it one {wanted} input of {kind}: give "
                "another file, or say pixel_range where the input is float32"
            )
        self._samples, *self._axes = inputs[0].shape
        answers, _ = self(torch.zeros(2, *shape, dtype=torch.uint8))
        found = tuple(answers.shape)
        if found != (2, classes):
            raise ConfigError(
                f"teacher {settings.file} gives {list(found)} for two samples, the training has {classes} actions; "
                "take a graph, or name an output, that says these"
            )

    def takes(self, pixels: torch.Tensor) -> bool:
        """Whether a batch is of the kind that the graph judges: a training on clips may have pictures between."""
        return pixels.ndim == len(self._axes) + 1

    @torch.no_grad()
    def __call__(self, pixels: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor | None]:
        """What the graph says of ``(N, H, W, 3)`` or ``(N, T, H, W, 3)`` uint8 RGB, on the processor.

        Returns:
            Probabilities ``(N, A)``, and the features ``(N, ...)`` where they are imitated.

        Raises:
            ConfigError: The graph has no such features.
        """
        given = self._resized(pixels.cpu())
        if self._range is not None:
            given = to_range(given, self._range)
        parts = [self._graph.all_outputs(part.contiguous()) for part in given.split(self._samples or len(given))]
        answers = torch.cat([part[self._graph.output] for part in parts])
        answers = torch.softmax(answers, -1) if self._settings.gives == "scores" else answers
        wanted = self._settings.features_output
        if wanted is None:
            return answers, None
        if wanted not in parts[0]:
            raise ConfigError(
                f"teacher {self._settings.file} has no output {wanted!r} (features_output) but {', '.join(parts[0])}"
            )
        return answers, torch.cat([part[wanted] for part in parts])

    def _resized(self, pixels: torch.Tensor) -> torch.Tensor:
        """Pictures as high and wide as the graph wants them, where it wants them so."""
        height, width = self._axes[-3:-1] if self._range is None else self._axes[-2:]
        height, width = height or pixels.shape[-3], width or pixels.shape[-2]
        if (height, width) == tuple(pixels.shape[-3:-1]):
            return pixels
        frames = pixels.flatten(0, -4).movedim(-1, 1).float()
        scaled = functional.interpolate(frames, (height, width), mode="bilinear", antialias=True)
        scaled = scaled.round().clamp(0, 255).to(torch.uint8).movedim(1, -1)
        return scaled.reshape(*pixels.shape[:-3], height, width, 3)


def taught_task(task: Task, teacher: ActionTeacher, settings: TeacherSettings) -> Task:
    """The same task, in whose loss the network's answers, and features, also come near the teacher's.

    Raises:
        ConfigError: The network has no such layer; the loss raises it where the answers do not come by the layer.
    """

    def answers_and_features(network: nn.Module, batch: Batch) -> tuple[torch.Tensor, torch.Tensor | None]:
        if settings.layer is None:
            return task.answers(network, batch), None
        # Several processes wrap the network that is called; the names of layers are its own.
        with watched(task.network, settings.layer) as seen:
            answers = task.answers(network, batch)
        if not seen:
            raise ConfigError(f"layer {settings.layer!r} has no part in the answers; compare another one")
        return answers, seen[0]

    def loss(network: nn.Module, batch: Batch) -> torch.Tensor:
        value = task.loss(network, batch)
        if not teacher.takes(batch.pixels):
            return value
        answers, features = answers_and_features(network, batch)
        wanted, like = teacher(batch.pixels)
        value = value + settings.weight * imitate_answers(
            answers, wanted.to(answers.device), temperature=settings.temperature
        )
        if features is None or like is None:
            return value
        return value + settings.features * imitate_features(features, like.to(features.device))

    if settings.layer is not None:
        with watched(task.network, settings.layer):  # says before the first step that there is no such layer
            pass
    return Task(task.network, loss, task.answers)

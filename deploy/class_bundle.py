"""A bundle of a user's own classes: the networks that find people come from another bundle, the clip network is new."""

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch

from deploy.package import action_exports
from deploy.write_bundle import About, CopiedGraph, write_graphs
from edgeact.bundle.load import Bundle, load_bundle
from edgeact.bundle.manifest import MANIFEST_NAME, GraphSpec, Manifest
from edgeact.capture.inputs import find_inputs
from edgeact.errors import UsageError
from trainer import markdown
from trainer.classes_recipe import ClassesRecipe, load_classes_recipe
from trainer.data.action_sequences import JointSequence
from trainer.data.class_folder import OTHER_CLASS, ClassClip, check_several_classes
from trainer.data.class_input import read_classes
from trainer.evaluate.classes import ClassReport, class_rows, measure_classes
from trainer.evaluate.kept_actions import KeptFigures, measure_kept
from trainer.fit_classes import ClassSettings, TrainedClasses, fit_classes
from trainer.fit_kept_actions import KeptActions, fit_kept_actions
from trainer.inputs.action_clip import spread_common
from trainer.models.action_weights import fold_scales
from trainer.precomputed.class_people import find_people

_ACTION_FILE = "action.onnx"
_MOST_PEOPLE = 20  # of a recording of which the base is right
_MOST_COMPARED = 64  # clips on which graph and network are compared


@dataclass(frozen=True, slots=True)
class ClassTraining:
    """What the command was asked for.

    Attributes:
        folder: With a sub-folder for each class, corrections of the window, or exports of CVAT or COCO.
        base: Its detector and pose network find the people; the clip network starts from its own.
        work: Folder of everything that is kept on the way.
        people: Of a clip, at most so many, those who are seen longest and largest first.
        mirror: Whether mirrored movements are the same class.
        from_scratch: Whether the clip network starts from random weights.
        steps: Of each training; None takes the recipe's.
        folds: In how many groups sources are held out.
        attribute: Of labelled people in exports of CVAT or COCO: names what they do.
        keeps_actions: Whether the base's own actions stay, so that the clips put them right or add to them.
        right: With actions kept: recordings of which the base is right, as a video or a folder of videos.
        recipe: How networks learn, and when a class is called.
    """

    folder: Path
    base: Bundle
    work: Path
    people: int = 1
    mirror: bool = True
    from_scratch: bool = False
    steps: int | None = None
    folds: int = 5
    attribute: str = "action"
    keeps_actions: bool = False
    right: Path | None = None
    recipe: ClassesRecipe = field(default_factory=load_classes_recipe)


def train_class_bundle(
    asked: ClassTraining,
    out: Path,
    *,
    created: str,
    say: Callable[[str], None],
    progress: Callable[[Sequence[Any], str], Iterable[Any]],
) -> tuple[Bundle, ClassReport]:
    """From a folder of clips to a measured bundle.

    Args:
        asked: What is trained on what.
        out: The bundle's folder; replaced when the new one is whole.
        created: Date, ``YYYY-MM-DD``.
        say: Is told what the user should know.
        progress: Gives files back one after the other, and shows how far it is.

    Raises:
        SourceNotFoundError, SourceFormatError: The folder has no clips, or what was exported speaks of others.
        UsageError: There are too few classes, clips or sources, or ``out`` holds something that is no bundle.
        BundleError: The base bundle does not fit, or an exported graph does not give what its network gives.
        DivergenceError: The training diverged.
    """
    check_place(out)
    listed = read_classes(asked.folder, attribute=asked.attribute)
    if not asked.keeps_actions:
        check_several_classes(listed, asked.folder)
    for note in listed.notes:
        say(note)
    found = find_people(listed.clips, asked.base, asked.work / "people", people=asked.people, progress=progress)
    for reason in found.unreadable:
        say(f"skipped, since it cannot be read: {reason}")
    for clip in found.empty:
        say(f"skipped, since nobody was found in it: {clip}")
    said = None
    if asked.keeps_actions:
        right = _right_people(asked, progress, say)
        kept = fit_kept_actions(found.sequences, right, kept_actions(asked), asked.work / "networks", say=say)
        trained = kept.trained
        said = measure_kept(
            trained.labels,
            before=kept.before,
            held_out=trained.answers,
            after=kept.after,
            agreement=kept.agreement,
        )
    else:
        start = None if asked.from_scratch else _start_of(asked.base)
        settings = ClassSettings(asked.steps, asked.mirror, start, asked.folds, asked.recipe)
        trained = fit_classes(found.sequences, listed.labels, asked.work / "networks", settings, say=say)
    report = measure_classes(trained.answers, trained.labels)
    data = {
        label: sorted({s.source for s in found.sequences if s.allowed == (label,)})
        for label in (*listed.labels, "other")
    }
    classes: dict[str, Any] = {
        "sources": data,
        "base": {"name": asked.base.manifest.name, "digest": asked.base.digest},
        "held_out": report.as_json(),
        "recipe": asked.recipe.model_dump(mode="json", exclude={"scene"}),
    }
    if said is not None:
        say(said.words())
        classes["kept"] = said.as_json()
    made = write_class_bundle(
        out, asked.base, trained, report, name=out.name, created=created, training={"classes": classes}, kept=said
    )
    return made, report


def _right_people(
    asked: ClassTraining, progress: Callable[[Sequence[Any], str], Iterable[Any]], say: Callable[[str], None]
) -> list[JointSequence]:
    """Everybody in the recordings of which the base is right."""
    if asked.right is None:
        say("no recordings are given of which the bundle is right (--right): its other actions are kept less well")
        return []
    clips = [ClassClip(path, "", path.stem, still=False) for path in find_inputs([str(asked.right)])]
    found = find_people(clips, asked.base, asked.work / "people", people=_MOST_PEOPLE, progress=progress)
    for reason in found.unreadable:
        say(f"skipped, since it cannot be read: {reason}")
    return list(found.sequences)


def kept_actions(asked: ClassTraining) -> KeptActions:
    """What is kept of the base.

    Raises:
        UsageError: Its clip network is none of ours, or has no "other".
    """
    start = _start_of(asked.base)
    heads = [head for graph in graphs_of_actions(asked.base) for head in graph.heads]
    if start is None or len(heads) != 1 or heads[0].other_label != OTHER_CLASS or heads[0].labels[-1] != OTHER_CLASS:
        raise UsageError(
            f"bundle {asked.base.manifest.name} has no clip network whose actions can be kept; give one that edgeact "
            "made, or leave out --keep-actions"
        )
    head = heads[0]
    return KeptActions(
        start,
        tuple(head.labels),
        head.score,
        steps=asked.steps,
        mirror=asked.mirror,
        folds=asked.folds,
        recipe=asked.recipe,
    )


def check_place(out: Path) -> None:
    """Refuse to replace what is no bundle.

    Raises:
        UsageError: ``out`` is a file, or a folder with something else in it.
    """
    if out.is_file() or (out.is_dir() and any(out.iterdir()) and not (out / MANIFEST_NAME).is_file()):
        raise UsageError(f"{out} holds something that is no bundle and would be replaced; choose another --out")


def write_class_bundle(
    out: Path,
    base: Bundle,
    trained: TrainedClasses,
    report: ClassReport,
    *,
    name: str,
    created: str,
    training: dict[str, Any],
    kept: KeptFigures | None = None,
) -> Bundle:
    """Copy the graphs that find people, export the clip network, describe both, and put the folder in place.

    Args:
        out: The bundle's folder.
        base: Whose graphs are copied; its hashes are checked.
        trained: Its network is rounded in place.
        report: For the card.
        name: Of the bundle.
        created: Date, ``YYYY-MM-DD``.
        training: What the manifest says about data and figures.
        kept: Where the base's actions were kept: how well.

    Raises:
        BundleError: A graph does not give what its network gives, or a file of the base is damaged.
    """
    copied, replaced = [], graphs_of_actions(base)
    for graph in base.manifest.graphs:
        if graph not in replaced:
            copied.append(CopiedGraph(graph, base.read_graph(graph), base.manifest.parity.get(graph.name, [])))
    fold_scales(trained.network)
    exports = action_exports(
        trained.network,
        torch.from_numpy(spread_common(trained.clips[:_MOST_COMPARED])),
        labels=trained.labels,
        temperature=trained.temperature,
        score=trained.threshold,
        joint_confidence=base.plan.joint_confidence,
    )
    about = About(name, "1.0.0", created, base.manifest.licence, training)
    write_graphs(out, exports, about, copied=copied, card=lambda manifest: _card(manifest, base, trained, report, kept))
    return load_bundle(out)


def graphs_of_actions(base: Bundle) -> list[GraphSpec]:
    """The graphs that say what persons do, and those that explain them."""
    saying = [graph for graph in base.plan.readers if graph.scope == "person" and graph.heads]
    return saying + [explainer.graph for explainer in base.plan.explainers if explainer.of in saying]


def _start_of(base: Bundle) -> Path | None:
    """The clip graph that the new one starts from, its hash checked; None where the base has none of ours."""
    for graph in graphs_of_actions(base):
        if graph.file == _ACTION_FILE and hashlib.sha256(base.read_graph(graph)).hexdigest() == graph.sha256:
            return base.directory / graph.file
    return None


def _card(
    manifest: Manifest, base: Bundle, trained: TrainedClasses, report: ClassReport, kept: KeptFigures | None
) -> str:
    columns, rows = class_rows(report)
    table = markdown.table(columns, rows)
    chosen = (
        f"{kept.words()} Threshold and temperature are those of the bundle that it started from."
        if kept is not None
        else f"""Threshold and temperature ({trained.temperature:.2f}) were
chosen on the same held-out answers, so that the shares of "called" are a little too good."""
    )
    sources = "\n".join(f"- {source}: {share:.0%}" for source, share in report.sources.items())
    return f"""# Model card: {manifest.name}

Made on {manifest.created} by `edgeact train --classes` of clips of its user's own. People are found by the networks of
the bundle {base.manifest.name} {base.manifest.version} (digest `{base.digest[:12]}`), whose model card says what they
were trained on and under which terms; the clip network started from that bundle's or from random weights.

## How well it does

Each source (person, session or place) was held out once, and a network trained on the other sources answered for it:
{report.accuracy:.1%} of the clips got the right label. "Called" counts what a user sees: a label that reaches the
threshold ({trained.threshold:.2f}) for some time.

{table}

By source:

{sources}

The network of this bundle was then trained on all sources. {chosen} Other people, cameras and
places than those of the clips will be told less well.
"""

"""Bundles of networks that lost channels or were cut at an exit, and what that saves: bytes, and time in turns."""

import shutil
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from deploy.class_bundle import graphs_of_actions
from deploy.package import action_exports
from deploy.paper_bundle import export_paper
from deploy.system_card import system_card
from deploy.write_bundle import About, CopiedGraph, write_graphs
from edgeact.bundle.load import Bundle, load_bundle
from edgeact.engine.base import Array, Backend
from edgeact.engine.open import open_graph
from trainer.checkpoint import write_tensors
from trainer.compress.action import ACTION_SETTINGS, action_subject
from trainer.compress.exits import ExitFigures, choose_exit, exit_name
from trainer.compress.paper import NARROW_FOLDER, paper_exits, shrink_paper
from trainer.compress.shrink import Shrunk, shrink
from trainer.data.action_sequences import LABELS, JointSequence
from trainer.data.action_windows import whole_clip
from trainer.device import training_device
from trainer.evaluate.calibrate import calibrate_action
from trainer.evaluate.wild.turns import time_in_turns
from trainer.fit_paper import NETWORK_FILE, RESULT_FILE, read_result, write_result
from trainer.folders import Folders
from trainer.inputs.action_clip import spread_common
from trainer.models.edge_action import EdgeAction
from trainer.paper_recipe import PaperRecipe
from trainer.recipe import load_recipe

_COMPARED = 64  # clips on which graph and network are compared
_FREE_SIDE = 320  # of a picture whose sides are free


@dataclass(frozen=True, slots=True)
class GraphSize:
    """What a graph takes before and after.

    Attributes:
        graph: Its name.
        size: Bytes of its file.
        milliseconds: Median of a call with one sample, on one thread.
    """

    graph: str
    size: tuple[int, int]
    milliseconds: tuple[float, float]


@dataclass(frozen=True, slots=True, eq=False)
class Compressed:
    """A bundle that takes less.

    Attributes:
        bundle: Its folder.
        shrunk: What was done to the network.
        sizes: Of the graphs that differ from those of the whole network.
    """

    bundle: Path
    shrunk: Shrunk
    sizes: tuple[GraphSize, ...]

    @property
    def score_rows(self) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
        """Columns, and a row for each stage of the network."""
        scores = self.shrunk.scores
        figures = tuple(name for name in scores["whole"] if name != "samples")
        (much, less), (many, fewer) = self.shrunk.multiplications, self.shrunk.parameters
        told = {"whole": (f"{much / 1e6:.2f} M", f"{many / 1e6:.3f} M")}
        left = (f"{less / much:.0%}", f"{fewer / many:.0%}")
        rows = []
        for stage, found in scores.items():
            costs = told["whole"] if stage in ("whole", "sparse") else left
            rows.append((stage, *costs, *(f"{found[name]:.2%}" for name in figures)))
        return ("network", "multiplications", "parameters", *figures), rows


def compress_paper(recipe: PaperRecipe, data: Path, work: Path, out: Path | None, *, share: float | None) -> Compressed:
    """Make the trained network of a paper's recipe narrower, and bundles of both.

    Args:
        recipe: That it was trained by.
        data: Folder of the data sets.
        work: Where `edgeact train paper` left the network.
        out: The narrower bundle's folder; None puts it beside the narrower network.
        share: Of the multiplications; None takes the recipe's.

    Raises:
        ConfigError, SourceNotFoundError, UsageError, DivergenceError: See `trainer.compress.paper.shrink_paper`.
        BundleError, OutputError: See `deploy.export_bundle.export_weights`.
    """
    if share is not None and recipe.compress is not None:
        recipe = recipe.model_copy(update={"compress": recipe.compress.model_copy(update={"share": share})})
    shrunk = shrink_paper(recipe, data, work)
    whole, folder = work / recipe.name / "bundle", work / recipe.name / NARROW_FOLDER
    bundle = out or folder / "bundle"
    export_paper(recipe, work / recipe.name, whole)
    export_paper(recipe, folder, bundle)
    sizes = compare_bundles(load_bundle(whole), load_bundle(bundle))
    write_result(folder / RESULT_FILE, {**read_result(folder / RESULT_FILE), "graphs": _as_json(sizes)})
    return Compressed(bundle, shrunk, sizes)


def compress_action(folders: Folders, out: Path, *, share: float | None, created: str) -> Compressed:
    """Make the default bundle's action network narrower; everything else of the bundle is copied.

    Args:
        folders: With what `edgeact deploy reproduce` made.
        out: The bundle's folder; a bundle that is there is replaced.
        share: Of the multiplications; None takes that of `ACTION_SETTINGS`.
        created: Date, ``YYYY-MM-DD``.

    Raises:
        SourceNotFoundError: Data, or what was made before, is missing.
        UsageError: So few multiplications cannot be reached.
        BundleError, OutputError: See `deploy.write_bundle.write_graphs`.
    """
    recipe, base = load_recipe(None), load_bundle(None)
    settings = ACTION_SETTINGS if share is None else ACTION_SETTINGS.model_copy(update={"share": share})
    subject, sequences = action_subject(recipe, folders)
    work = folders.work / recipe.name / "action_narrow"
    shrunk = shrink(subject, settings, work, training_device())
    write_tensors(work / NETWORK_FILE, shrunk.network.state_dict(), {"scores": shrunk.scores})
    rows = {
        stage: ", ".join(f"{name} {value:.1%}" for name, value in found.items())
        for stage, found in shrunk.scores.items()
    }
    training = {
        "base": {"name": base.manifest.name, "digest": base.digest},
        "settings": settings.model_dump(mode="json"),
        "measured": {**rows, "on": f"Penn Action's official test split, {len(LABELS)} actions to choose from"},
    }
    known = recipe.thresholds.other_as_known
    write_action_bundle(base, shrunk.network, sequences, out, known=known, created=created, training=training)
    return Compressed(out, shrunk, compare_bundles(base, load_bundle(out)))


def write_action_bundle(
    base: Bundle,
    network: EdgeAction,
    sequences: Sequence[JointSequence],
    out: Path,
    *,
    known: float,
    created: str,
    training: dict[str, Any],
) -> None:
    """A bundle with another action network, calibrated on validation sequences; everything else is copied.

    Args:
        base: Of which the rest is.
        network: Of the actions of `LABELS`; rounded in place.
        sequences: Of every split.
        out: The bundle's folder; a bundle that is there is replaced.
        known: Largest share of moments of other actions that may be called by a name.
        created: Date, ``YYYY-MM-DD``.
        training: For manifest and card.

    Raises:
        BundleError, UsageError, OutputError: See `deploy.write_bundle.write_graphs`.
    """
    temperature, score = calibrate_action(network, list(sequences), other_as_known=known)
    clips = [whole_clip(sequence) for sequence in sequences if sequence.split == "validation"]
    exports = action_exports(
        network,
        torch.from_numpy(spread_common(np.stack(clips[:: max(1, len(clips) // _COMPARED)]))),
        labels=LABELS,
        temperature=temperature,
        score=score,
        joint_confidence=base.plan.joint_confidence,
    )
    # Weights times a normalisation are rounded to half precision: .0007 was found behind a temperature that sharpens.
    exports[0] = replace(exports[0], tolerance={"actions": 2e-3})
    replaced = graphs_of_actions(base)
    copied = [
        CopiedGraph(graph, base.read_graph(graph), base.manifest.parity.get(graph.name, []))
        for graph in base.manifest.graphs
        if graph not in replaced
    ]
    sources = ", ".join(sorted({sequence.source for sequence in sequences}))
    terms = [sources, f"those on the model card of the bundle {base.manifest.name}"]
    about = About(out.name, "1", created, base.manifest.licence, {**training, "data": [terms]})
    write_graphs(out, exports, about, copied=copied, card=system_card)


def compare_bundles(whole: Bundle, narrow: Bundle) -> tuple[GraphSize, ...]:
    """Size and time of the graphs that two bundles have under one name, and that are not the same file."""
    sizes = []
    others = {graph.name: graph for graph in narrow.manifest.graphs}
    for graph in whole.manifest.graphs:
        other = others.get(graph.name)
        if other is None or other.sha256 == graph.sha256:
            continue
        backends = {"whole": open_graph(whole, graph), "narrow": open_graph(narrow, other)}
        calls = {name: _call(backend) for name, backend in backends.items()}
        taken = time_in_turns(calls)
        size = (len(whole.read_graph(graph)), len(narrow.read_graph(other)))
        sizes.append(GraphSize(graph.name, size, (taken["whole"], taken["narrow"])))
    return tuple(sizes)


def _call(backend: Backend):
    given: dict[str, Array] = {}
    for tensor in backend.inputs:
        free = [1, _FREE_SIDE, _FREE_SIDE]
        shape = [size if isinstance(size, int) else free[min(axis, 2)] for axis, size in enumerate(tensor.shape)]
        given[tensor.name] = np.ones(shape, tensor.dtype)
    return lambda: backend.run(given)


def size_rows(sizes: Sequence[GraphSize]) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
    """Columns and rows for a table."""
    rows = []
    for found in sizes:
        (large, small), (slow, fast) = found.size, found.milliseconds
        times = (f"{slow:.2f} ms", f"{fast:.2f} ms", f"{fast / slow:.0%}")
        rows.append((found.graph, f"{large / 1e3:.0f} kB", f"{small / 1e3:.0f} kB", f"{small / large:.0%}", *times))
    return ("graph", "before", "after", "is left", "took", "takes", "is left"), rows


def _as_json(sizes: Sequence[GraphSize]) -> dict[str, dict[str, list[float]]]:
    return {found.graph: {"bytes": list(found.size), "milliseconds": list(found.milliseconds)} for found in sizes}


def export_exits(
    recipe: PaperRecipe, data: Path, work: Path, out: Path, *, milliseconds: float | None
) -> tuple[list[ExitFigures], ExitFigures]:
    """Measure every exit of a trained network of paper E, and write the bundle of the best one within a budget.

    Args:
        recipe: That it was trained by.
        data: Folder of the data sets.
        work: Where `edgeact train paper` left the network.
        out: The bundle's folder; a bundle that is there is replaced.
        milliseconds: Of one frame on this machine; None sets no limit.

    Returns:
        The figures of all exits, and of the one that is taken.

    Raises:
        UsageError: The network has one exit, or none is so fast.
        SourceNotFoundError, BundleError, OutputError: See `export_paper`.
    """
    scores, trained = paper_exits(recipe, data, work), work / recipe.name
    folder, bundles = trained / "exit_bundles", {}
    for exit_at in scores:
        path = folder / "{}_{}".format(*exit_at)
        export_paper(recipe, trained, path, exit_at=exit_at)
        bundles[exit_at] = load_bundle(path)
    calls, sizes = {}, {}
    for exit_at, bundle in bundles.items():
        own = [graph for graph in bundle.manifest.graphs if graph.name in ("person", "clip")]
        made = [_call(open_graph(bundle, graph)) for graph in own]
        calls[str(exit_at)] = lambda made=made: [call() for call in made]
        sizes[exit_at] = sum(len(bundle.read_graph(graph)) for graph in own)
    taken = time_in_turns(calls)
    figures = [
        ExitFigures(exit_at, found["mAP"], found["top1"], taken[str(exit_at)], sizes[exit_at])
        for exit_at, found in scores.items()
    ]
    chosen = choose_exit(figures, milliseconds=float("inf") if milliseconds is None else milliseconds)
    export_paper(recipe, trained, out, exit_at=chosen.exit_at, figures=scores[chosen.exit_at])
    shutil.rmtree(folder)
    return figures, chosen


def exit_rows(figures: Sequence[ExitFigures]) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
    """Columns and rows for a table: the speed–accuracy curve of the exits."""
    rows = [
        (
            exit_name(found.exit_at),
            f"{found.milliseconds:.2f}",
            f"{found.size / 1e3:.0f}",
            f"{found.precision:.1%}",
            f"{found.right:.1%}",
        )
        for found in figures
    ]
    return ("exit (pyramid, level)", "ms a frame", "kB", "mAP", "right"), rows

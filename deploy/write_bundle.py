"""Graph exports → a bundle's folder: every graph exported and compared with its module, then manifest and model card.

The folder appears under its name only when it is whole.
"""

import hashlib
import json
import shutil
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from deploy.export import export_onnx, round_weights
from deploy.graph_export import GraphExport
from deploy.parity import Parity, check_parity
from edgeact.atomic import partial_path
from edgeact.bundle.load import load_bundle
from edgeact.bundle.manifest import MANIFEST_NAME, SCHEMA_VERSION, GraphSpec, Manifest
from edgeact.errors import BundleError, OutputError, UsageError

CARD_NAME = "MODEL_CARD.md"


@dataclass(frozen=True, slots=True, eq=False)
class CopiedGraph:
    """A graph that is taken over from another bundle as it is, and what that bundle says of its parity."""

    spec: GraphSpec
    content: bytes
    parity: list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class About:
    """What a manifest says of the bundle as a whole.

    Attributes:
        name: Of the bundle.
        version: Of the bundle.
        created: Date, ``YYYY-MM-DD``.
        licence: Of the weights.
        training: Of data, recipe and metrics.
    """

    name: str
    version: str
    created: str
    licence: str
    training: dict[str, Any]


def write_graphs(
    out: Path,
    exports: Sequence[GraphExport],
    about: About,
    *,
    copied: Sequence[CopiedGraph] = (),
    card: Callable[[Manifest], str] | None = None,
) -> None:
    """Export, compare and describe every graph, then put the folder in place of what was there.

    Args:
        out: The bundle's folder; what is there is replaced if it is a bundle.
        exports: The graphs that are made.
        about: What the manifest says of the bundle.
        copied: Graphs of another bundle; they come first.
        card: Writes the model card; None leaves it to the caller.

    Raises:
        UsageError: At ``out`` there is something else than a bundle.
        BundleError: A graph cannot be exported, does not give what its module gives, or has no place in the runtime.
        OutputError: The folder cannot be written.
    """
    _refuse_other_things(out)
    partial = partial_path(out)
    try:
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir(parents=True)
        written: list[tuple[GraphSpec, list[dict[str, Any]]]] = []
        for graph in copied:
            (partial / graph.spec.file).write_bytes(graph.content)
            written.append((graph.spec, graph.parity))
        for export in exports:
            spec, parity = write_graph(export, partial)
            written.append((spec, [asdict(found) for found in parity]))
        manifest = Manifest(
            schema_version=SCHEMA_VERSION,
            graphs=tuple(spec for spec, _ in written),
            parity={spec.name: parity for spec, parity in written},
            **asdict(about),
        )
        text = json.dumps(manifest.model_dump(mode="json"), indent=1) + "\n"
        (partial / MANIFEST_NAME).write_text(text, encoding="utf-8")
        if card is not None:
            (partial / CARD_NAME).write_text(card(manifest), encoding="utf-8")
        load_bundle(partial)  # refuses what the runtime would refuse, before anything is replaced
        put_in_place(partial, out)
    except OSError as error:
        raise OutputError(f"{out} cannot be written ({error.strerror}); choose another folder") from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)  # after success it has its final name


def put_in_place(partial: Path, out: Path) -> None:
    """Give a complete bundle's folder its final name, in place of what was there."""
    before = out.with_name(f".{out.name}.before")
    shutil.rmtree(before, ignore_errors=True)
    if out.exists():
        out.rename(before)
    partial.rename(out)
    shutil.rmtree(before, ignore_errors=True)


def write_graph(export: GraphExport, folder: Path) -> tuple[GraphSpec, list[Parity]]:
    """Write one graph's file and compare it with its module.

    Raises:
        BundleError: It cannot be exported, or gives something else.
    """
    module = round_weights(export.module.eval())
    file = f"{export.name}.onnx"
    names = [output.name for output in export.outputs]
    export_onnx(
        module,
        export.samples[0],
        folder / file,
        input_name=export.input.name,
        output_names=names,
        free=export.free,
        half_products=export.half_products,
    )
    ranked = export.detection is not None
    parity = check_parity(module, folder / file, list(export.samples), output_names=names, ranked=ranked)
    for found, output in zip(parity, export.outputs, strict=True):
        limit = export.limit(output) * (max(1.0, found.reference) if output.meaning == "features" else 1.0)
        # A NaN fails this too.
        if not found.largest <= limit:
            raise BundleError(
                f"{file}: {found.output} differs from PyTorch by {found.largest:.3g} (limit {limit:g}); export it again"
            )
    spec = GraphSpec(
        name=export.name,
        file=file,
        sha256=hashlib.sha256((folder / file).read_bytes()).hexdigest(),
        scope=export.scope,
        horizon=export.horizon,
        inputs=(export.input,),
        outputs=export.outputs,
        detection=export.detection,
        crop=export.crop,
        skeleton=export.skeleton,
        clip=export.clip,
        heads=export.heads,
    )
    return spec, parity


def _refuse_other_things(out: Path) -> None:
    """Refuse to replace what is no bundle."""
    if not out.exists() or (out / MANIFEST_NAME).exists():
        return
    if not out.is_dir():
        raise UsageError(f"{out} is a file; name a folder that --out may make")
    if any(out.iterdir()):
        raise UsageError(f"{out} holds other things than a bundle; name an empty folder, a bundle or a new one")

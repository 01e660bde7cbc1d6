"""Networks → bundles: those of the papers from their weights or as they are, and modules of anybody's own."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from torch import nn

import edgeact
from deploy.copied import graphs_that_follow_persons
from deploy.graph_export import GraphExport
from deploy.system_card import system_card
from deploy.systems import check_options, find_system
from deploy.systems.system import ExportOptions, System
from deploy.write_bundle import About, CopiedGraph, write_graphs
from trainer.models.published import load_published, read_state_dict


@dataclass(frozen=True, slots=True)
class BundleName:
    """How a bundle is called, and under what terms its weights are.

    Attributes:
        name: None takes the name of the folder.
        version: Of the bundle.
        licence: Of the weights.
        created: Date; None takes today's.
    """

    name: str | None = None
    version: str = "1"
    licence: str = "not stated"
    created: str | None = None


def export_weights(
    system_name: str,
    weights: Path,
    out: Path,
    options: ExportOptions,
    *,
    called: BundleName | None = None,
    persons_from: Path | None = None,
) -> None:
    """Weights of a network of the papers → a bundle. The weights' shapes say how large the network is.

    Args:
        system_name: A name or letter of `deploy.systems`.
        weights: ``.safetensors``, or a ``torch.save`` file of tensors, with the names of the network's state dict.
        out: The bundle's folder; what is there is replaced if it is a bundle.
        options: What is not in the weights.
        called: Name, version and licence.
        persons_from: The bundle whose detector (and pose graph, if the network gives no joints) follows persons; only
            for networks that look at persons. None takes the default bundle.

    Raises:
        UsageError: The options do not fit the network, or the weights are not those of such a network.
        SourceNotFoundError, SourceFormatError: The weights cannot be read, or do not fit; names and shapes are listed.
        BundleError: A graph cannot be exported, or differs from its network.
        OutputError: The folder cannot be written.
    """
    system = find_system(system_name)
    check_options(system, options)
    shapes = {name: tuple(tensor.shape) for name, tensor in read_state_dict(weights).items()}
    network = system.network(shapes, options)
    load_published(network, weights, lambda name: name)
    digest = hashlib.sha256(weights.read_bytes()).hexdigest()
    training = {"weights": {"file": weights.name, "sha256": digest}}
    _write(system, network, out, options, called or BundleName(), persons_from, training)


def export_network(
    system_name: str,
    network: nn.Module,
    out: Path,
    options: ExportOptions,
    *,
    called: BundleName | None = None,
    persons_from: Path | None = None,
    training: dict[str, Any] | None = None,
) -> None:
    """A network of the papers as it is in memory → a bundle; arguments and errors as of `export_weights`.

    Args:
        system_name: A name or letter of `deploy.systems`.
        network: Of that system's class; its weights are rounded to half precision in place.
        out: The bundle's folder.
        options: What is not in the network.
        called: Name, version and licence.
        persons_from: The bundle that follows persons.
        training: What is known of data and figures, for manifest and model card: `deploy.system_card`.
    """
    system = find_system(system_name)
    check_options(system, options)
    _write(system, network, out, options, called or BundleName(), persons_from, training or {})


def _write(
    system: System,
    network: nn.Module,
    out: Path,
    options: ExportOptions,
    called: BundleName,
    persons_from: Path | None,
    training: dict[str, Any],
) -> None:
    exports = system.graphs(network.eval().requires_grad_(False), options)
    described = {"system": {"letter": system.letter, "name": system.name, "title": system.title}, **training}
    write_exports(out, exports, called, persons_from=persons_from, training=described)


def write_exports(
    out: Path,
    exports: Sequence[GraphExport],
    called: BundleName,
    *,
    persons_from: Path | None,
    training: dict[str, Any],
) -> None:
    """Write graph exports as a bundle with a model card, and with what follows persons where one looks at persons.

    Raises:
        UsageError, BundleError, OutputError: See `export_weights`.
    """
    copied: list[CopiedGraph] = []
    if any(export.scope == "person" for export in exports):
        has_joints = any(output.meaning == "joints" for export in exports for output in export.outputs)
        copied = graphs_that_follow_persons(persons_from, pose=not has_joints)
        names = [graph.spec.name for graph in copied]
        training = {**training, "copied": {"bundle": (persons_from or Path("compact")).name, "graphs": names}}
    about = About(
        name=called.name or out.resolve().name,
        version=called.version,
        created=called.created or datetime.now(timezone.utc).date().isoformat(),
        licence=called.licence,
        training={"edgeact": edgeact.__version__, **training},
    )
    write_graphs(out, exports, about, copied=copied, card=system_card)

"""The lifter as a graph of a bundle, of a bundle that is made or of one that there is."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch

from deploy.copied import every_graph
from deploy.graph_export import GraphExport, given, taken
from deploy.lifter_card import LIFTER_CARD
from deploy.write_bundle import CARD_NAME, About, write_graphs
from edgeact.bundle.load import Bundle, load_bundle
from edgeact.bundle.manifest import ClipSpec, SkeletonSpec
from edgeact.errors import UsageError
from edgeact.skeleton import BODY_21
from trainer.inputs.lifter_clip import CLIP_LENGTH, CLIP_STRIDE_SECONDS
from trainer.models.lifter import Lifter

GRAPH_NAME = "lifter"
_JOINTS = len(BODY_21.joints)


def lifter_graph(network: Lifter, skeleton: SkeletonSpec, clips: torch.Tensor) -> GraphExport:
    """The graph: poses of a clip → joints in metres of its newest frame.

    Args:
        network: Is rounded in place.
        skeleton: ``BODY_21`` with the bundle's own confidence.
        clips: ``(C, T, 21, 3)`` float32 x, y in pixels, confidence, to compare the graph on; C ≥ 2, T at least
            `CLIP_LENGTH`, of which the newest are taken.
    """
    newest = clips[:, -CLIP_LENGTH:]
    return GraphExport(
        name=GRAPH_NAME,
        scope="person",
        horizon="clip",
        module=network,
        samples=(newest, newest[:1]),
        input=taken("poses", ("N", CLIP_LENGTH, _JOINTS, 3), name="poses", dtype="float32"),
        outputs=(given("joints_3d", ("N", _JOINTS, 3)),),
        skeleton=skeleton,
        clip=ClipSpec(length=CLIP_LENGTH, stride_seconds=CLIP_STRIDE_SECONDS),
        half_products=True,
    )


def add_lifter(
    bundle: Bundle, network: Lifter, out: Path, *, said: Mapping[str, Any], version: str | None = None
) -> Bundle:
    """Write a bundle again with a lifter beside its graphs, which are taken over byte for byte.

    Args:
        bundle: That follows persons and gives no 3D.
        network: The trained lifter; is rounded in place.
        out: Folder of the new bundle.
        said: What its manifest says of the lifter's training.
        version: Of the new bundle; None leaves it as it is.

    Raises:
        UsageError: The bundle gives 3D already, has other joints, or at ``out`` there is something else.
        BundleError: The graph does not give what the network gives.
    """
    manifest, where = bundle.manifest, bundle.directory
    if any(graph.output("joints_3d") is not None for graph in manifest.graphs):
        raise UsageError(f"{where} gives joints_3d already; take a bundle without a lifter")
    skeleton = bundle.plan.pose.skeleton
    if skeleton is None or skeleton.joints != BODY_21.joints:
        raise UsageError(f"{where} has not the {_JOINTS} joints of {BODY_21.name}, which the lifter reads")
    about = About(
        name=manifest.name,
        version=version or manifest.version,
        created=manifest.created,
        licence=manifest.licence,
        training={**manifest.training, GRAPH_NAME: dict(said)},
    )
    card = where / CARD_NAME
    text = card.read_text(encoding="utf-8") if card.is_file() else f"# {manifest.name} {manifest.version}\n"
    text = text.replace(f"{manifest.name} {manifest.version}", f"{manifest.name} {about.version}", 1)
    origin = (
        f"\nThe lifter was put beside the graphs of {manifest.name} {manifest.version} by `edgeact deploy add-lifter`, "
        "which took them\nover byte for byte.\n"
    )
    export = lifter_graph(network, skeleton, _people())
    write_graphs(out, [export], about, copied=every_graph(bundle), card=lambda _: text + LIFTER_CARD + origin)
    return load_bundle(out)


def _people() -> torch.Tensor:
    """Clips ``(8, 9, 21, 3)`` of upright bodies of some hundred pixels that sway, to compare numbers on."""
    rng = np.random.default_rng(0)
    body = rng.normal(0, 1, (8, 1, _JOINTS, 2)) * [40, 90] + rng.uniform(100, 500, (8, 1, 1, 2))
    place = body + np.cumsum(rng.normal(0, 2, (8, CLIP_LENGTH, _JOINTS, 2)), 1)
    clips = np.concatenate([place, rng.uniform(0.3, 1, (8, CLIP_LENGTH, _JOINTS, 1))], -1)
    return torch.from_numpy(clips.astype(np.float32))

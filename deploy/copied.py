"""What follows persons, taken over from another bundle: its detectors and, where it is needed, its pose graph."""

from pathlib import Path

from deploy.write_bundle import CopiedGraph
from edgeact.bundle.load import Bundle, load_bundle
from edgeact.bundle.manifest import GraphSpec, OutputMeaning, Scope
from edgeact.errors import UsageError


def graphs_that_follow_persons(source: Path | None, *, pose: bool) -> list[CopiedGraph]:
    """The detectors of a bundle and, if asked for, its pose graph, with their hashes checked.

    Args:
        source: The bundle's folder, or the name of one that ships; None takes the default.
        pose: Whether the pose graph is wanted too.

    Raises:
        UsageError: The bundle has no such graph.
        BundleError: It is no bundle, or a file of it was changed.
    """
    bundle = load_bundle(source)
    copied = _copies(bundle, "scene", "boxes")
    if pose:
        copied += _copies(bundle, "person", "joints")[:1]
    return copied


def every_graph(bundle: Bundle) -> list[CopiedGraph]:
    """All graphs of a bundle, with their hashes checked.

    Raises:
        BundleError: A file of it was changed.
    """
    return [_taken_over(bundle, graph) for graph in bundle.manifest.graphs]


def _copies(bundle: Bundle, scope: Scope, gives: OutputMeaning) -> list[CopiedGraph]:
    """The frame graphs of a scope that give something, at least one."""
    found = [graph for graph in bundle.manifest.graphs if _is(graph, scope, gives)]
    if not found:
        raise UsageError(
            f"{bundle.directory} has no {scope}/frame graph that gives {gives}; name a bundle that follows persons"
        )
    return [_taken_over(bundle, graph) for graph in found]


def _taken_over(bundle: Bundle, graph: GraphSpec) -> CopiedGraph:
    parity = bundle.manifest.parity.get(graph.name, [])
    return CopiedGraph(graph, bundle.read_graph(graph), parity if isinstance(parity, list) else [parity])


def _is(graph: GraphSpec, scope: Scope, gives: OutputMeaning) -> bool:
    return graph.scope == scope and graph.horizon == "frame" and graph.output(gives) is not None

"""Open the graphs of a bundle by name."""

from edgeact.bundle import Bundle
from edgeact.inference.base import Backend
from edgeact.inference.select import open_graph


def open_named(bundle: Bundle, name: str) -> Backend:
    """The backend of the graph with this name."""
    return open_graph(bundle, next(graph for graph in bundle.manifest.graphs if graph.name == name))

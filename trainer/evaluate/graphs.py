"""Open the graphs of a bundle by name."""

from edgeact.bundle.load import Bundle
from edgeact.engine.base import Backend
from edgeact.engine.open import open_graph


def open_named(bundle: Bundle, name: str) -> Backend:
    """The backend of the graph with this name."""
    return open_graph(bundle, bundle.graph(name))

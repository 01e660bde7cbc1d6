"""The engine: every graph of a bundle on one device, opened once, whatever the number of sources.

It remembers nothing of any source; that is the streams' (`edgeact.perception.stream`).
"""

from types import TracebackType

from edgeact.bundle.load import Bundle
from edgeact.bundle.manifest import GraphSpec
from edgeact.engine.graph import Graph


class Engine:
    """Owns the graphs of a bundle; use as a context manager, or close it.

    Args:
        bundle: Whose graphs are opened, in the order of its plan.
        device: ``cpu``, ``cuda`` or ``tensorrt``.
        threads: Threads of one operator.

    Raises:
        BundleIntegrityError: A graph's file is not the one that the manifest describes.
        BackendError: The device is not available, or a graph cannot be loaded there.
    """

    def __init__(self, bundle: Bundle, *, device: str = "cpu", threads: int = 1) -> None:
        self.bundle = bundle
        self._graphs: dict[str, Graph] = {}
        try:
            for spec in bundle.plan.calls:
                self._graphs[spec.name] = Graph(bundle, spec, device=device, threads=threads)
        except BaseException:
            self.close()
            raise

    def graph(self, spec: GraphSpec) -> Graph:
        """The opened graph of one of the plan's calls."""
        return self._graphs[spec.name]

    @property
    def provider(self) -> str:
        """What executes the graphs, as the backend calls it; empty without graphs."""
        return next((graph.provider for graph in self._graphs.values()), "")

    def close(self) -> None:
        """Release the graphs, also while other threads run them; calling it twice does no harm."""
        for graph in self._graphs.values():
            graph.close()

    def __enter__(self) -> "Engine":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

"""Which of a bundle's attention maps are computed, given out and drawn."""

from edgeact.bundle.manifest import GraphSpec, TensorSpec
from edgeact.bundle.plan import JOINT_MAP, MAP_MEANINGS, Plan
from edgeact.config import ALL_MAPS, FIRST_MAP, NO_MAP
from edgeact.errors import UsageError


class MapChoice:
    """The choice of the setting ``attention``.

    Args:
        plan: Of the bundle.
        name: A map's name, or `FIRST_MAP` (the bundle's first), `ALL_MAPS`, or `NO_MAP`.

    Raises:
        UsageError: The bundle has no such map; the message lists those that it has.
    """

    def __init__(self, plan: Plan, name: str) -> None:
        if name == ALL_MAPS:
            self._wanted = frozenset(plan.maps)
        elif name == NO_MAP:
            self._wanted = frozenset()
        elif name == FIRST_MAP:
            self._wanted = frozenset(plan.maps[:1])
        elif name in plan.maps:
            self._wanted = frozenset({name})
        else:
            offered = ", ".join(plan.maps) or "no map"
            raise UsageError(
                f"attention is {name!r}; this bundle offers {offered}; {FIRST_MAP}, {ALL_MAPS} and {NO_MAP} work "
                "with every bundle"
            )

    def wants(self, name: str) -> bool:
        """Whether the map with this name is wanted."""
        return name in self._wanted

    def maps_of(self, graph: GraphSpec) -> tuple[TensorSpec, ...]:
        """The outputs of a graph that are wanted maps."""
        return tuple(tensor for tensor in graph.outputs if tensor.meaning in MAP_MEANINGS and self.wants(tensor.name))

    def wants_any_of(self, graph: GraphSpec) -> bool:
        """Whether a graph that explains says anything that is wanted."""
        says_relevance = graph.output("relevance") is not None and self.wants(JOINT_MAP)
        return says_relevance or bool(self.maps_of(graph))

"""Calls of graphs for many subjects of many sources, in one batch of each graph."""

import time as clock
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from edgeact.bundle.manifest import GraphSpec
from edgeact.engine.base import Array
from edgeact.engine.engine import Engine
from edgeact.errors import BackendError
from edgeact.types import Float32

# What a graph gave for one subject, by the name of the tensor, without the batch.
Row: TypeAlias = Mapping[str, Float32]


@dataclass(frozen=True, slots=True, eq=False)
class GraphCall:
    """What a graph is to be given of one subject.

    Attributes:
        graph: Name of the graph.
        arrays: In the order of its inputs, without the batch.
    """

    graph: str
    arrays: tuple[Array, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Answers:
    """Results of the graph calls made for one source.

    Attributes:
        rows: In the order of the calls.
        seconds: How long each graph took for the batch, by its name.
    """

    rows: Sequence[Row]
    seconds: Mapping[str, float]


def run_calls(
    engine: Engine, graphs: Sequence[GraphSpec], calls: Sequence[Sequence[GraphCall]]
) -> list[Answers | BackendError]:
    """Run the calls of several sources, in one batch of each graph that takes batches.

    Args:
        engine: Whose graphs are called.
        graphs: In the order in which they are called.
        calls: Of each source.

    Returns:
        Of each source what the graphs gave, or the error that kept one from it.
    """
    together = [call for of_source in calls for call in of_source]
    if not together:  # of most frames nothing is classified or explained
        return [Answers((), {}) for _ in calls]
    try:
        rows, seconds = _run_together(engine, graphs, together)
    except BackendError as error:
        if len(calls) == 1:
            return [error]
        return [found for of_source in calls for found in run_calls(engine, graphs, [of_source])]
    answers: list[Answers | BackendError] = []
    first = 0
    for of_source in calls:
        answers.append(Answers(rows[first : first + len(of_source)], seconds))
        first += len(of_source)
    return answers


def _run_together(
    engine: Engine, graphs: Sequence[GraphSpec], calls: Sequence[GraphCall]
) -> tuple[list[Row], dict[str, float]]:
    rows: list[Row] = [{} for _ in calls]
    seconds: dict[str, float] = {}
    for spec in graphs:
        numbers = [number for number, call in enumerate(calls) if call.graph == spec.name]
        if not numbers:
            continue
        graph, began = engine.graph(spec), clock.perf_counter()
        for batch in [numbers] if graph.takes_batches else [[number] for number in numbers]:
            stacked = [np.stack(arrays) for arrays in zip(*(calls[number].arrays for number in batch), strict=True)]
            named = graph.run(*stacked).named
            for row, number in enumerate(batch):
                rows[number] = {name: values[row] for name, values in named.items()}
        seconds[spec.name] = clock.perf_counter() - began
    return rows, seconds

"""The marks of a bundle: ``python -m tests.bench.bundle live|explain BUNDLE`` prints JSON.

- ``live``: a live source (the demo clip's pictures, 480 lines, 25 a second): the age of its frames, how often each head
  spoke, and what was skipped.
- ``explain``: the processor time of each graph that explains, over that of the graph that it explains.
"""

import argparse
import json
import statistics
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from edgeact.bundle.load import load_bundle
from edgeact.bundle.manifest import GraphSpec
from edgeact.capture.open import open_source
from edgeact.config import PipelineConfig
from edgeact.engine.base import Array
from edgeact.engine.engine import Engine
from edgeact.perception.stages import Stages
from edgeact.runtime.job import SourceJob
from edgeact.runtime.session import run_source
from edgeact.terminal import write_result
from edgeact.types import Observation, UInt8
from tests.bench.live import demo_pictures

RATE, REPEATS = 25, 60


def measure_live(bundle_folder: Path, *, seconds: float, attention: str) -> dict[str, Any]:
    config = PipelineConfig(attention=attention)
    last: dict[str, object] = {}
    spoke: dict[str, int] = {}

    def note(observation: Observation) -> None:
        for reading in (*observation.scene, *(one for person in observation.persons for one in person.readings)):
            spoke[reading.head] = spoke.get(reading.head, 0) + (last.get(reading.head) is not reading.raw)
            last[reading.head] = reading.raw

    source = open_source(_paced(demo_pictures(rate=RATE), seconds), kind="live")
    with Engine(load_bundle(bundle_folder)) as engine, source:
        report = run_source(Stages(engine), SourceJob(source, on_observation=note), config=config)
    return {
        "mark": "a live scene/clip network of reduced width: age p95 < 1 s",
        "age_p50": round(report.frame_age.p50, 3),
        "age_p95": round(report.frame_age.p95, 3),
        "frames_per_second": round(report.frames / report.seconds, 2),
        "dropped": report.dropped,
        "readings_per_second": {head: round(count / report.seconds, 2) for head, count in spoke.items()},
        "attention": attention,
    }


def _paced(pictures: list[UInt8], seconds: float) -> Iterator[UInt8]:
    """Pictures at the rate of a camera, in a circle."""
    began = time.monotonic()
    for number in range(round(seconds * RATE)):
        time.sleep(max(0.0, began + number / RATE - time.monotonic()))
        yield pictures[number % len(pictures)]


def measure_explain(bundle_folder: Path) -> dict[str, Any]:
    with Engine(load_bundle(bundle_folder)) as engine:
        found = {}
        for explainer in engine.bundle.plan.explainers:
            inputs = _inputs(explainer.of)
            explained, explaining = engine.graph(explainer.of), engine.graph(explainer.graph)
            forward: list[float] = []
            whole: list[float] = []
            for _ in range(REPEATS):  # in turn, so that what else the machine does weighs on both alike
                for graph, times in ((explained, forward), (explaining, whole)):
                    began = time.thread_time()  # a graph of one thread runs in this one, whatever else the cores do
                    graph.run(*inputs)
                    times.append(time.thread_time() - began)
            found[explainer.graph.name] = {
                "explains": explainer.of.name,
                "forward_ms": round(1e3 * statistics.median(forward), 2),
                "explain_ms": round(1e3 * statistics.median(whole), 2),
                "ratio": round(statistics.median(whole) / statistics.median(forward), 2),
            }
    return {"mark": "explaining takes at most 3 times the forward pass, forward included", "graphs": found}


def _inputs(graph: GraphSpec) -> list[Array]:
    rng = np.random.default_rng(0)
    arrays: list[Array] = []
    for tensor in graph.inputs:
        shape = [size if isinstance(size, int) else 1 for size in tensor.shape]
        values = rng.uniform(0, 255 if tensor.dtype == "uint8" else 1, shape)
        arrays.append(values.astype(tensor.dtype))
    return arrays


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("what", choices=["live", "explain"])
    parser.add_argument("bundle", type=Path)
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--attention", default="first")
    arguments = parser.parse_args()
    if arguments.what == "live":
        record = measure_live(arguments.bundle, seconds=arguments.seconds, attention=arguments.attention)
    else:
        record = measure_explain(arguments.bundle)
    write_result(json.dumps(record, indent=2) + "\n")


if __name__ == "__main__":
    main()

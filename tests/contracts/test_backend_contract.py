"""What every backend promises, held for each that there is."""

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from edgeact.bundle.load import load_bundle
from edgeact.engine.base import Backend
from edgeact.engine.open import open_graph
from edgeact.errors import BackendError
from tests.tiny_bundle import CLIP_LENGTH, LABELS, build_tiny_bundle

Opened = Callable[[str], Backend]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_tiny_bundle(tmp_path_factory.mktemp("bundle") / "tiny")


@pytest.fixture(params=["cpu"])
def opened(request: pytest.FixtureRequest, folder: Path) -> Iterator[Opened]:
    bundle, made = load_bundle(folder), []

    def open_named(name: str) -> Backend:
        graph = bundle.graph(name)
        made.append(open_graph(bundle, graph, device=request.param))
        return made[-1]

    yield open_named
    for backend in made:
        backend.close()


def clips(count: int) -> np.ndarray:
    return np.random.default_rng(0).uniform(0, 200, (count, CLIP_LENGTH, 21, 3)).astype(np.float32)


def test_outputs_come_by_name_with_their_shapes(opened: Opened) -> None:
    outputs = opened("action").run({"features": clips(2)})
    assert {name: (value.shape, value.dtype) for name, value in outputs.items()} == {
        "actions": ((2, len(LABELS)), np.dtype(np.float32))
    }


def test_the_same_input_gives_the_same_output(opened: Opened) -> None:
    backend = opened("action")
    assert np.array_equal(
        backend.run({"features": clips(3)})["actions"], backend.run({"features": clips(3)})["actions"]
    )


@pytest.mark.parametrize("count", [1, 2, 7])
def test_the_batch_does_not_change_the_answer(opened: Opened, count: int) -> None:
    backend = opened("action")
    together = backend.run({"features": clips(count)})["actions"]
    alone = np.concatenate([backend.run({"features": clip[None]})["actions"] for clip in clips(count)])
    assert together == pytest.approx(alone, abs=1e-5)


@pytest.mark.parametrize(
    "inputs",
    [
        {},
        {"image": clips(1)},
        {"features": clips(1), "more": clips(1)},
        {"features": clips(1)[:, :5]},
        {"features": clips(1).astype(np.float64)},
    ],
    ids=["none", "other name", "one too many", "other shape", "other type"],
)
def test_wrong_inputs_are_named(opened: Opened, inputs: dict[str, np.ndarray]) -> None:
    with pytest.raises(BackendError, match="'action'"):
        opened("action").run(inputs)


def test_the_provider_is_what_was_asked_for(opened: Opened) -> None:
    assert opened("action").provider == "CPUExecutionProvider"


def test_closing_twice_does_no_harm_and_running_after_it_says_so(opened: Opened) -> None:
    backend = opened("action")
    backend.close()
    backend.close()
    with pytest.raises(BackendError, match="was closed"):
        backend.run({"features": clips(1)})


@pytest.mark.parametrize("device", ["cuda", "tensorrt", "npu"])
def test_there_is_no_silent_fall_back(folder: Path, device: str) -> None:
    import onnxruntime

    wanted = {"cuda": "CUDAExecutionProvider", "tensorrt": "TensorrtExecutionProvider"}.get(device)
    if wanted in onnxruntime.get_available_providers():
        pytest.skip(f"{device} is available here")
    bundle = load_bundle(folder)
    with pytest.raises(BackendError, match=device):
        open_graph(bundle, bundle.manifest.graphs[0], device=device)

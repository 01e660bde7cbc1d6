"""Several processes train as one does; what cannot be shared evenly is refused."""

import subprocess
import sys
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from edgeact.errors import ConfigError
from tests.trainer import parallel_phases
from tests.trainer.parallel_training import run
from trainer.inputs.batch import Batch
from trainer.parallel import Processes, join_processes, own_share


def run_twice(module: str, *arguments: str) -> str:
    """What two processes of torchrun print."""
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    command += ["-m", module, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout


def require_equal_networks(one: Path, two: Path) -> None:
    wanted = load_file(one / "network_0.safetensors")
    for rank in range(2):
        found = load_file(two / f"network_{rank}.safetensors")
        assert wanted.keys() == found.keys()
        assert all(torch.allclose(value, found[name], atol=1e-5, rtol=0) for name, value in wanted.items())


@pytest.mark.slow  # starts three Pythons with torch
def test_two_processes_of_torchrun_train_as_one_does(tmp_path: Path) -> None:
    """The moving average, the best network and the early end included; batches are shared, gradients averaged."""
    one, two = tmp_path / "one", tmp_path / "two"
    one.mkdir()
    two.mkdir()
    run(one, 12)
    said = run_twice("tests.trainer.parallel_training", str(two), "12")
    require_equal_networks(one, two)
    logs = [(folder / "log.jsonl").read_text().splitlines() for folder in (one, two)]
    assert len(logs[0]) == len(logs[1]) == 3  # the first check, and two that were no better
    assert said.count('"toy step": 2,') == 1  # the first process alone speaks


@pytest.mark.slow  # as above
def test_two_processes_train_in_phases_as_one_does(tmp_path: Path) -> None:
    """Batches of pictures leave out what says actions, and those of clips what says decoupled poses."""
    one, two = tmp_path / "one", tmp_path / "two"
    one.mkdir()
    two.mkdir()
    parallel_phases.run(one)
    said = run_twice("tests.trainer.parallel_phases", str(two))
    require_equal_networks(one, two)
    assert said.count('"toy phase 2 step": 3,') == 1
    before, after = parallel_phases.task().network.state_dict(), load_file(one / "network_0.safetensors")
    for part in (".heads.joint_maps.weight", ".action.action.weight"):
        names = [name for name in before if name.endswith(part)]
        assert names
        assert not any(torch.allclose(before[name], after[name], atol=1e-4) for name in names)
    assert any(".action_heads." in name for name in after)  # poses were decoupled


def test_each_process_has_its_samples_and_all_have_all() -> None:
    values = torch.arange(6)
    batch = Batch(values[:, None], values, values[:, None].float(), values.float())
    shares = [own_share(batch, Processes(rank, 3)) for rank in range(3)]
    assert [share.labels.tolist() for share in shares] == [[0, 3], [1, 4], [2, 5]]
    assert own_share((values, {"a": [values]}), Processes(1, 2))[1]["a"][0].tolist() == [1, 3, 5]
    assert own_share(batch, Processes()) is batch


def test_a_batch_that_cannot_be_shared_evenly_is_refused() -> None:
    with pytest.raises(ConfigError, match="a batch of 5 samples cannot be shared by 2 processes"):
        own_share(torch.arange(5), Processes(0, 2))


def test_without_torchrun_a_process_is_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("WORLD_SIZE", raising=False)
    assert join_processes() == Processes(0, 1)
    assert join_processes().is_first

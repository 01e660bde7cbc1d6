"""Published weights go in whole or not at all, and what does not fit is named."""

from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from edgeact.errors import SourceFormatError, SourceNotFoundError
from trainer.models.published import load_published, read_state_dict


def network() -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.Linear(4, 2))


def same(name: str) -> str | None:
    return name


def published() -> dict[str, torch.Tensor]:
    torch.manual_seed(1)
    other = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.Linear(4, 2))
    return dict(other.state_dict())


@pytest.mark.parametrize("wrapper", [None, "state_dict", "model"])
@pytest.mark.parametrize("prefix", ["", "module."])
def test_wrappers_and_prefixes_are_taken_away(tmp_path: Path, wrapper: str | None, prefix: str) -> None:
    weights = {prefix + name: value for name, value in published().items()}
    torch.save(weights if wrapper is None else {wrapper: weights, "epoch": 3}, tmp_path / "weights.pth")
    model = network()
    assert load_published(model, tmp_path / "weights.pth", same) == []
    for name, value in model.state_dict().items():
        assert torch.equal(value, published()[name])


def test_safetensors_in_half_precision_become_the_networks_type(tmp_path: Path) -> None:
    save_file(
        {name: value.half() if value.is_floating_point() else value for name, value in published().items()},
        tmp_path / "w.safetensors",
    )
    model = network()
    load_published(model, tmp_path / "w.safetensors", same)
    assert model[0].weight.dtype == torch.float32
    assert torch.allclose(model[0].weight, published()["0.weight"], atol=1e-3)


def test_everything_that_does_not_fit_is_named_and_nothing_is_changed(tmp_path: Path) -> None:
    weights = published()
    weights["2.weight"] = torch.zeros(7, 4)
    weights["extra.weight"] = weights.pop("0.bias")
    torch.save(weights, tmp_path / "weights.pth")
    model = network()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    with pytest.raises(SourceFormatError) as caught:
        load_published(model, tmp_path / "weights.pth", same)
    for part in ("missing: 0.bias", "left over: extra.weight", "2.weight is (7, 4), the network's is (2, 4)"):
        assert part in str(caught.value)
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())


def test_a_head_for_other_classes_may_be_left_out_and_keeps_its_values(tmp_path: Path) -> None:
    weights = published()
    torch.save(weights, tmp_path / "weights.pth")
    model = network()
    before = model[2].weight.clone()
    lacking = load_published(
        model, tmp_path / "weights.pth", lambda name: None if name.startswith("2.") else name, may_lack=("2.",)
    )
    assert lacking == ["2.weight", "2.bias"]
    assert torch.equal(model[2].weight, before)
    assert torch.equal(model[0].weight, weights["0.weight"])


def test_old_files_do_not_count_batches(tmp_path: Path) -> None:
    torch.save(
        {name: value for name, value in published().items() if "num_batches" not in name}, tmp_path / "weights.pth"
    )
    assert load_published(network(), tmp_path / "weights.pth", same) == ["1.num_batches_tracked"]


class Malicious:
    def __reduce__(self) -> tuple[object, ...]:
        return (Path.touch, (Path("should_not_exist"),))


def test_files_with_code_are_refused_and_run_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    torch.save({"weights": Malicious()}, tmp_path / "bad.pth")
    with pytest.raises(SourceFormatError, match="convert it to safetensors"):
        read_state_dict(tmp_path / "bad.pth")
    assert not (tmp_path / "should_not_exist").exists()


@pytest.mark.parametrize("name", ["weights.pth", "weights.safetensors"])
def test_damaged_empty_and_missing_files(tmp_path: Path, name: str) -> None:
    with pytest.raises(SourceNotFoundError, match=name):
        read_state_dict(tmp_path / name)
    for content in (b"", b"no weights at all"):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(SourceFormatError, match=name):
            read_state_dict(tmp_path / name)
    torch.save({"epoch": 3}, tmp_path / "empty.pth")
    with pytest.raises(SourceFormatError, match="no tensors"):
        read_state_dict(tmp_path / "empty.pth")

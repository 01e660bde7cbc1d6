"""SAME padding, the training shortcut for strided convolutions, and folding."""

import pytest
import torch

from trainer.layers.convolution import ConvNorm, SeparableConv, fold_normalisation, same_padding


@pytest.mark.parametrize(
    ("size", "kernel", "stride", "padding"),
    [(8, 3, 2, (0, 1)), (9, 3, 2, (1, 1)), (8, 3, 1, (1, 1)), (7, 5, 1, (2, 2))],
)
def test_same_padding_is_tensorflows(size: int, kernel: int, stride: int, padding: tuple[int, int]) -> None:
    # Reference: tf.nn.convolution with padding="SAME": ceil(size / stride) cells, the odd zero at the end.
    assert same_padding(size, kernel, stride) == padding


@pytest.mark.parametrize("size", [(8, 12), (9, 12), (8, 11), (9, 11)])
def test_the_strided_training_path_gives_the_same_values(size: tuple[int, int]) -> None:
    torch.manual_seed(0)
    layer = ConvNorm(4, 4, kernel=3, stride=2, groups=4)
    layer.norm.momentum = 1.0
    x = torch.randn(3, 4, *size)
    layer.train()
    trained = layer(x)
    mean, variance = layer.norm.running_mean.clone(), layer.norm.running_var.clone()
    layer.eval()
    plain = torch.nn.functional.conv2d(
        torch.nn.functional.pad(x, (*same_padding(size[1], 3, 2), *same_padding(size[0], 3, 2))),
        layer.conv.weight,
        None,
        2,
        0,
        1,
        4,
    )
    assert plain.shape == trained.shape
    assert torch.allclose(plain.mean((0, 2, 3)), mean, atol=1e-5)
    assert torch.allclose(plain.var((0, 2, 3)), variance, atol=1e-5)


def test_folding_changes_no_value() -> None:
    torch.manual_seed(0)
    model = torch.nn.Sequential(ConvNorm(3, 8, kernel=3, stride=2), SeparableConv(8, 6), ConvNorm(6, 4, linear=True))
    model.train()
    for _ in range(3):
        model(torch.randn(4, 3, 17, 16))
    model.eval()
    x = torch.randn(2, 3, 17, 16)
    before = model(x)
    assert any(isinstance(module, torch.nn.BatchNorm2d) for module in model.modules())
    fold_normalisation(model)
    assert not any(isinstance(module, torch.nn.BatchNorm2d) for module in model.modules())
    assert torch.allclose(model(x), before, atol=1e-5)

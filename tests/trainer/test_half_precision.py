"""Half precision only where the processor has it."""

from types import MappingProxyType

import pytest
import torch

from trainer.half_precision import half_where_native


@pytest.mark.parametrize(
    ("capabilities", "dtype"),
    [
        ({"avx2": True}, torch.float32),
        ({"avx512_bf16": True}, torch.bfloat16),
        ({"amx_bf16": True, "avx512_bf16": False}, torch.bfloat16),
    ],
    ids=["AVX2", "AVX-512 BF16", "AMX"],
)
def test_networks_run_in_what_the_processor_multiplies(
    capabilities: dict[str, bool], dtype: torch.dtype, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: MappingProxyType(capabilities))
    with half_where_native():
        assert (torch.ones(2, 2) @ torch.ones(2, 2)).dtype is dtype


def test_a_result_is_float_again_outside() -> None:
    with half_where_native():
        pass
    assert (torch.ones(2, 2) @ torch.ones(2, 2)).dtype is torch.float32

"""Where trainings of pictures run: on the machine's GPU where there is one."""

import os

import torch


def training_device() -> torch.device:
    """The GPU that PyTorch sees (``CUDA_VISIBLE_DEVICES`` hides it), else the processor; under torchrun each process
    has a GPU of its own.
    """
    if not torch.cuda.is_available():
        return torch.device("cpu")
    return torch.device("cuda", int(os.environ.get("LOCAL_RANK", "0")))

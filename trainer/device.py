"""Where trainings of pictures run: on the machine's GPU where there is one."""

import torch


def training_device() -> torch.device:
    """The GPU that PyTorch sees (``CUDA_VISIBLE_DEVICES`` hides it), else the processor."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")

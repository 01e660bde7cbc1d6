"""Networks: backbones and whole systems."""

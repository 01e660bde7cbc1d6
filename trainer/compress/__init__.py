"""Smaller networks: channels that are removed for good, what a larger network teaches them, and early exits."""

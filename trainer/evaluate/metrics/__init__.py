"""Accuracy measures, one a file."""

"""Data sets: one file per source, and the labels that existing networks give to frames without any."""

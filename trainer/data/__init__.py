"""Data sets, one file a source, and what is drawn of them; no network is needed here (see `trainer.precomputed`)."""

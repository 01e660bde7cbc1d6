"""The operator's window over an edgeact pipeline (in preparation)."""

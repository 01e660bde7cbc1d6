"""The operator's window over an edgeact session (in preparation)."""

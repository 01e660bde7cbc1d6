"""How well networks and bundles do: metrics, protocols on held-out data, thresholds and confidence, and the report."""

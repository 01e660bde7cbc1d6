"""Makes edgeact's networks: data sets, layers, models, training, calibration and evaluation."""

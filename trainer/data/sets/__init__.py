"""Data sets in their official layouts, one a file: each gives a `trainer.data.sample.SampleSet`."""

"""Bundles: the manifest that describes compiled graphs, how it is read, and the plan that is made of it."""

"""What executes graphs: backends, graphs addressed by what their tensors mean, and the engine that owns them all."""

"""Running any number of sources over one engine: queues, stages, outlets, the session."""

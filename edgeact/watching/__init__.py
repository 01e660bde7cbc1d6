"""Watching any number of sources at once: the face of a session for cameras."""

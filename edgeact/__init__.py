"""edgeact: who does what in front of a camera, on your own hardware."""

__version__ = "0.1.0"

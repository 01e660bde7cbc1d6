"""Draws what was seen into copies of the frames."""

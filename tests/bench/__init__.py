"""Measurements that take too long for a test; each is a command that prints JSON."""

"""Servers on loopback that the tests of live sources read from."""

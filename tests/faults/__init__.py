"""The fault matrix of the daemon: ``python -m tests.faults`` breaks one thing after the other around a real daemon.

Each scenario runs `edgeact run` as a process of its own, with a real RTSP server, an MQTT broker and an HTTP server on
loopback, and says how soon a fault was noticed, how soon all was well again, and what was lost.
"""

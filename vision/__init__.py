"""Pixels in, observations out: cameras, streams, detection, tracking. Knows no law."""

"""One process a device runs the networks of all cameras; pictures come to it through shared memory.

A camera's process holds a `Room`: a ring of slots in memory of its own, shared with the inference process, and as many
wires to it as it has threads that wait. What it opens there is a `vision.engine.Engine` like any other.
"""

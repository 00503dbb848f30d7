"""Figures of a running installation for Prometheus.

A process tells what itself did from `instruments` (its own registry, never the library's global one), and what the
store, the disks and the cameras are like from collectors that look when they are asked. Every process is a target of
its own: several services on one store tell the same figures of the store, so rules take their maximum and add up only
what processes did themselves. Camera processes serve nothing: the worker that started them tells what they write down.

No label holds anything about a person or a secret, and each has a bounded set of values: routes as they are written in
the code, states and kinds as they stand in tables, a worker's own cameras.
"""

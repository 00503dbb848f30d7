"""Typed questions of the centre's assistant: enumerated, with checked parameters, read-only; no free query."""

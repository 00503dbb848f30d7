"""Ports to systems of others, each with its contract and a development adapter that a real store refuses."""

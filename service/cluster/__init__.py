"""Cameras shared out over machines: who may watch which, where each is placed, and what follows when a machine dies."""

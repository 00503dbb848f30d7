"""Smoke and flame: confirmation over time."""

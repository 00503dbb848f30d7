"""Smoke and heat sensors and call points: their register, what they report, and what follows from silence."""

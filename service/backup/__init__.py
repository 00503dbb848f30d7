"""Back-ups of a whole installation: made while it runs, signed, restored, and proven by a drill."""

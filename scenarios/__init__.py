"""Rendered road clips with exact ground truth, for the demo, the tests and the acceptance of rules."""

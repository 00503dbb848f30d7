"""`qyran bench fire`: fires, smoke and what is taken for them, rendered and real, held against the rule."""

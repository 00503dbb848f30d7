"""`qyran bench peers`: the whole of `analyse` beside others on the same clips, in one run."""

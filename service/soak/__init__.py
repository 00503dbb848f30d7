"""`qyran soak`: hours of a moderate load on the real programs, and whether memory, files and threads stay flat."""

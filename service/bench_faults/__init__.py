"""`qyran bench faults`: every part killed, starved, cut off or lied to at every step, and then the ledger."""

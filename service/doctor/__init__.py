"""`qyran doctor`: looks at a machine and an installation and says what is missing or wrong, and how to mend it.

A check is a function of a `Patient` that gives findings; it stands in one table (`checks.CHECKS`). It changes nothing
that stays, asks nobody longer than a few seconds, and one that fails itself is a finding too.
"""

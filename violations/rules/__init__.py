"""Offence rules, one file each; every file holds one `RULE` of the shape `vision.finding.Rule`."""

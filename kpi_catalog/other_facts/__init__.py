"""Definitions of KPIs outside the security sphere that the installation's own records can feed, one file each.

Each is a pure function of `kpi_catalog.other_facts.records.OtherFacts`; what is not there is named, never guessed.
"""

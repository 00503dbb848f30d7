"""Warnings for drivers in DATEX II version 3 (CEN/TS 16157)."""

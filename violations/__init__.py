"""Traffic violations: offence rules, the dated offence catalogue, cases and decision records."""

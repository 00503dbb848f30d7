"""The evaluator's console: the sphere, each KPI down to its records, the city, false alarms, what raises the score."""

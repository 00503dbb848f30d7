"""Alerts in the Common Alerting Protocol 1.2, for the services and the situational centre."""

"""Road and public-space incidents: rules and the life cycle of an alert."""

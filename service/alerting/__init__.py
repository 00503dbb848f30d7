"""How alerts live in the store: the steps, the services on their way, escalation, joining, drills, the fire log."""

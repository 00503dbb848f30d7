"""`qyran bench passages`: the events of a city's cameras into one PostgreSQL, and the consoles' queries meanwhile."""

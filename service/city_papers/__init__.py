"""Papers a city hands in before an installation may work: what it is, how it keeps itself safe, whom it talks to."""

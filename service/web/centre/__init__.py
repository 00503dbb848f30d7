"""The operators' console of the situational centre."""

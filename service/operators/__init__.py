"""What an operator of the situational centre works with beside the alerts themselves."""

"""A machine without the service's disk: its events, small files and leases go over https, its cameras come over it."""

"""What was down and when: the server, the database, workers, cameras, brokers, receivers, disks."""

from service.outages.log import OutageView, begin, begin_in, end, end_in, listing, running

__all__ = ["OutageView", "begin", "begin_in", "end", "end_in", "listing", "running"]

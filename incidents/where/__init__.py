"""Where a happening is: from the calibrated road, from one camera's bearing, from crossed bearings."""

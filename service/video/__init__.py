"""Video for the situational centre: live views, the archive of original packets, its locks, exports and retention."""

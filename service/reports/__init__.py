"""Reports of a period for whoever reads them outside: PDF, XLSX and CSV of the sphere or the whole city."""

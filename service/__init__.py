"""The service: store, API, pages, jobs and the command line; the one place that puts the parts together."""

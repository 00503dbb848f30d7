"""The demo: a rendered sample city, analysed for real, its people played by a script through the public API."""

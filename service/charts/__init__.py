"""Charts as SVG, drawn by the server: the same picture on a screen, on paper and in a PDF.

Colours and sizes are presentation attributes, since pages forbid inline styles; the classes beside them let the style
sheet put the theme's colours in their place. Every chart carries a title and a description, and every page that shows
one puts the same numbers into a table beside it.
"""

"""The port to an external system of face recognition; Qyran itself recognises no faces."""

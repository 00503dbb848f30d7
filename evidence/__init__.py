"""Evidence: clips, stills, manifest, signature and their offline verification."""

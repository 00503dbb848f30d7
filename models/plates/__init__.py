"""Number plates: pictures of plates drawn for training, the network that reads them, its training and its scores."""

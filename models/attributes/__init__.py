"""The network that names a vehicle's kind and colour: its data, training and export."""

"""The network that reads signal heads: its data, its pictures drawn by hand, training and export."""

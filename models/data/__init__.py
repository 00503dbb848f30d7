"""Training and evaluation pictures: reading, remapping and completing labels, rendering more of them."""

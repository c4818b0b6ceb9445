"""Live values, the tag catalogue and what screens ask of them."""

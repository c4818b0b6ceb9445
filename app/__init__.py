"""What the program does; no Qt here but in bridge.py."""

"""Groups of sub-commands, one module each: ``main.py`` loads the one that is asked for. Heavy imports stay in functions."""

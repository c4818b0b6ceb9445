"""Screens of live values: the tag tree, trend plots, the table of values, and refused messages."""

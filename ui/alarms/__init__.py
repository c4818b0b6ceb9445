"""Alarms on the screen: list, banner, detail, actions and sound."""

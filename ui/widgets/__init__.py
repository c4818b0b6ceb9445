"""Shared small widgets: everything here looks to the theme for colour and to the messages for words."""

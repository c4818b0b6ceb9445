"""Risk on screen: the plant map in its two forms and the panels about it."""

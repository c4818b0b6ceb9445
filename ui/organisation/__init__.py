"""Panels of the organisation: departments, people, the leading group, the responsibility matrix, and import."""

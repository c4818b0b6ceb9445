"""Departments, posts, people, the leading group, who answers for what where, and the private data of people."""

"""Where everything is kept: SQLite in the data directory or PostgreSQL by URL, one code for both."""

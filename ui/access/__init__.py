"""Who may act: login and lock, users, audit, settings, and the first start."""

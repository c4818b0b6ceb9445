"""Real input: from brokers, files and the simulator to checked readings."""

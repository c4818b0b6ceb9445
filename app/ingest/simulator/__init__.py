"""A believable chemical tank farm for demonstration, training and tests: repeatable from a seed, on the engine's clock."""

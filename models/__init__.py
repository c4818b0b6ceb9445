"""The nouns of the control room: typed tables, enums and hot-path value types. Knows nothing of app or ui."""

"""lightstream.core: the streaming network itself, its constructor and its tile cache."""

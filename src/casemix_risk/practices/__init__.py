"""Real practices: their lists, alone and in groups."""

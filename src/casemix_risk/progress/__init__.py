"""The year in progress: where it will end, and which lines are out of control."""

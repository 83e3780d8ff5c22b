"""Hospital episodes to Healthcare Resource Groups, by tables of definitions that users can read."""

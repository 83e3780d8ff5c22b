"""What a commissioner decides: pool, reserve, size of group, what can be proved."""

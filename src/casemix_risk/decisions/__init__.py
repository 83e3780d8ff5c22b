"""Decisions that a commissioner takes, answered from the risk of the cost lines."""

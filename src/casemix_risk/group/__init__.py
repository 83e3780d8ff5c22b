"""Grouping episodes into HRGs by tables of definitions."""

"""Standard statistics that more than one stage uses."""

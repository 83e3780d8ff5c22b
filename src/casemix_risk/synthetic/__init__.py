"""The demonstration's made-up data: its national truth, and the patient-level extract drawn from it."""

"""From cleaned episodes to national admissions of the target year and to what a list of patients expects."""

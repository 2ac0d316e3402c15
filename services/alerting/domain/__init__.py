"""What an alert is and when a delivery is tried again: rules, and nothing else."""

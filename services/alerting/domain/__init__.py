"""What an alert is: rules, and nothing else."""

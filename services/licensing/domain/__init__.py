"""What a licence may say and how its status may change: rules, and nothing else."""

"""Words the answers of the commands about schedules."""

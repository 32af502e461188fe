"""Lists missed work: skipped runs, missed fire times and stopped schedules, with causes."""

"""The platform Azure Batch: runs copies of jobs and of job schedules with their tasks."""

"""The five kinds of definition: vaults, platforms, contention profiles, jobs and tasks."""

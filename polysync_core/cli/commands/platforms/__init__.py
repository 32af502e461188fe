"""Lists runs on a platform and the job keys of the environment."""

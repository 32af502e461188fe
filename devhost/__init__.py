"""A Functions host for one machine: it runs an app directory unchanged and is never deployed."""

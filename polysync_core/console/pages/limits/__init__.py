"""Shows who holds the slots of each limit, and who waits."""

"""The triggers of the local host that poll: timers and queues."""

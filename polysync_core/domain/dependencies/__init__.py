"""When a Task with upstreams runs: tokens of what has ended, and what its gate makes of them."""

"""Lists the work that did not happen, with its causes."""

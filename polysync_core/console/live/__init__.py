"""Streams live updates of console pages to the browser as server-sent events."""

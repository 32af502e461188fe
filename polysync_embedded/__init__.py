"""Runs Polysync in one process on one machine: API, engine, timers, queues and MCP endpoint."""

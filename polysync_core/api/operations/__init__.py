"""Serves API routes for operators: audit, holds, connection tests, poison messages and metrics."""

"""Implements the orchestration engine in one process, without its own storage.

The engine calls the orchestrations and activities of `orchestrations` directly. Its state is in
memory and belongs to one loop. The rows are the truth: after a restart, the reconciler
repeats the lost work.
"""

"""Simulates Vertex AI, Dataflow and Cloud Storage in one process, for tests and trials."""

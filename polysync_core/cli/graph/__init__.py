"""Pictures of the task graph: Mermaid and SVG."""

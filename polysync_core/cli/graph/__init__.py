"""The graph of tasks: as a tree or a table on the screen, as Mermaid or SVG in a file."""

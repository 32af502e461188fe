"""Launches classic templates and Flex templates of Google Dataflow."""

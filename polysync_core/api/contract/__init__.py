"""Builds the OpenAPI document and its HTML page, and rejects unknown query parameters."""

"""Describes the fields of definitions by platform type, job type and vault provider."""

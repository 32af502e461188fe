"""Resolves bundles: folders of definition documents with variables and targets such as `prod`."""

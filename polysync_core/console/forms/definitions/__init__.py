"""Builds the form fields of each kind of definition, such as platform or Task."""

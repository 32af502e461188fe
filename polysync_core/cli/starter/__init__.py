"""Creates the example project of `polysync init` from the folder `files`."""

"""The app that the local host runs: its functions, and how the host calls them."""

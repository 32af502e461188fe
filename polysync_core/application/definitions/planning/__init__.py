"""Plans changes of definitions without writing them."""

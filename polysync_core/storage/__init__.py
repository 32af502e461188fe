"""The stores of Polysync in Table Storage."""

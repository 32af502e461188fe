"""Groups run events into notification messages, and sends the messages to receivers."""

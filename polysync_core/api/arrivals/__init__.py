"""The HTTP interface of events and arrivals."""

"""What all venues share: client protocols, factories, handlers, transports, limits."""

"""How to speak to a venue: wire formats and transports, never account state."""

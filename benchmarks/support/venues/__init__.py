"""What `event_path` needs to know of a venue: one description for each, in a file of its own."""

"""What is made of many runs: reach, a corpus of failures, smaller failures, the table of known faults."""

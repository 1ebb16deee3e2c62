"""What Teller costs, one file a question: ``python -m benchmarks NAME``."""

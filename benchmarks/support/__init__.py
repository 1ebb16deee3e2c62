"""What the benchmarks share: timing, verdicts, frames, accounts, and the processes at the other end of the wire."""

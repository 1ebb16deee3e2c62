"""The vocabulary: frozen msgspec Structs. Commands go in, events come out; no I/O and no actors here."""

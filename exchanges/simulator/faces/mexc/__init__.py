"""MEXC's face: spot v3 over REST, and its sockets with protobuf frames, from the reading of docs/venues/mexc.md."""

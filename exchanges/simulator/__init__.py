"""An embedded exchange: a matching engine behind the wire faces of real venues. Imports nothing of the clients."""

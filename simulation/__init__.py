"""The whole program on one event loop with virtual time: one seed decides every delay, order, fault and crash.

Strategies, accounts, supervisors and clients are those of the program; the exchange is the embedded one; between them
lies a network in memory that carries the venue's real bytes and misbehaves on purpose. After a storm of faults comes a
quiet, and then what every account says must equal the exchange's books.
"""

"""The Gate.io wire face of USDT perpetuals: REST and WebSocket, without sockets. What it shares with spot is there.

Where Gate's manuals leave a question open, the choice that is made here stands as a comment beside it.
"""

"""The Gate.io spot wire face: REST and WebSocket, without sockets.

Where Gate's manuals leave a question open, the choice that is made here stands as a comment beside it.
"""

"""What the simulation knows of each venue: the only place of it that names one.

`wire` says what it must know, a folder for each venue has it, `registry` lists them.
"""

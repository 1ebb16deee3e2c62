"""What `run.py` needs: arguments, logs, the embedded exchange as a child, the live view, the closing comparison.

May import everything; nothing imports it.
"""

"""Tests of what all venues share, over real loopback sockets."""

"""Parity: what the old server answers, recorded, and played against the new one.

case        recorded exchanges and their answers, in files
player      sends exchanges to a server
compare     whether an answer is the recorded one
recorder    a reverse proxy in front of the old server that records what passes
linking     tokens that one answer gives and a later request brings back
report      the outcome as a page
"""

from __future__ import annotations

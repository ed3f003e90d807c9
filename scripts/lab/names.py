# SPDX-License-Identifier: BSD-3-Clause
"""Registrable domains, for the few public suffixes that the laboratory uses."""

SUFFIXES = (
    "com net org de io info xyz app pl fr me".split()
    + "co.uk com.br co.jp com.au".split()
    + ["in-addr.arpa"]
)


def registrable(name):
    """The public suffix plus one label, in lower case; a lone label stays as it is."""
    labels = name.lower().rstrip(".").split(".")
    size = 3 if ".".join(labels[-2:]) in SUFFIXES else 2
    return ".".join(labels[-size:])

"""Runs SAM with the quickest level of compression: at the usual one, it compresses the functions for ten seconds."""

import sys
import zlib

from samcli.cli.main import cli

# `zipfile` uses this level where SAM gives none.
zlib.Z_DEFAULT_COMPRESSION = zlib.Z_BEST_SPEED

sys.exit(cli(prog_name="sam"))

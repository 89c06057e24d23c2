"""The run folder: what training leaves and everything else reads."""

from vaekit.runs.folder import FORMAT, RunFolder, write_atomically
from vaekit.runs.run import Run, load_run, save_run

__all__ = ["FORMAT", "Run", "RunFolder", "load_run", "save_run", "write_atomically"]

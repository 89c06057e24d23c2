"""TensorBoard logs, for those who have it."""

from collections.abc import Callable
from pathlib import Path

from vaekit.errors import MissingExtraError
from vaekit.training.callbacks import Live, Plan, Record

__all__ = ["TensorBoard"]


class TensorBoard:
    """Writes every record as scalars.

    Args:
        folder: where the event files go.

    Raises:
        MissingExtraError: tensorboard is not installed.
    """

    def __init__(self, folder: Path) -> None:
        try:
            from torch.utils.tensorboard import SummaryWriter
        except ImportError:
            raise MissingExtraError(
                "tensorboard", extra="tensorboard", purpose="training.tensorboard"
            ) from None
        self.open: Callable[[], SummaryWriter] = lambda: SummaryWriter(str(folder))

    def started(self, plan: Plan) -> None:
        """Open the logs; not before, because a run that cannot start leaves nothing."""
        self.writer = self.open()

    def live(self, live: Live) -> None:
        """Nothing: only whole epochs are kept."""

    def epoch_ended(self, record: Record) -> None:
        """Write the means of each split, in nats per row, and the learning rate."""
        epoch = int(record["epoch"])
        for split in {"train", "validation", "test"} & set(record):
            for name, value in record[split].items():
                self.writer.add_scalar(f"{split}/{name}", value, epoch)
        self.writer.add_scalar("learning_rate", record["learning_rate"], epoch)

    def ended(self, reason: str) -> None:
        """Flush and close."""
        self.writer.close()

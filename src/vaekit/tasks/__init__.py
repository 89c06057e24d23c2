"""What a trained model is good for: encode, reconstruct, sample, decode. Rows in, numpy out."""

from vaekit.tasks.decode import decode, sample
from vaekit.tasks.encode import Codes, encode, latent_extent
from vaekit.tasks.reconstruct import Reconstruction, reconstruct

__all__ = [
    "Codes",
    "Reconstruction",
    "decode",
    "encode",
    "latent_extent",
    "reconstruct",
    "sample",
]

"""Train a shortened recipe, load its run folder, and use the model."""

from tempfile import mkdtemp

import vaekit

folder = mkdtemp(prefix="vaekit-")
vaekit.train("digits", epochs=5, out=folder)
model = vaekit.load(folder)
images = model.sample(5)
codes = model.encode(images)
print(f"{len(images)} images of {images.shape[1:]}, codes of {codes.shape[1]} dimensions")
numbers = model.evaluate(samples=100)
print(f"{numbers['log_likelihood']:.1f} nats per row, {numbers['active_units']} active units")

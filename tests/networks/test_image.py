import pytest
import torch

from vaekit.errors import ConfigError
from vaekit.networks import ConvDecoder, ConvEncoder, ResNetDecoder, ResNetEncoder


def test_the_conv_pair_has_the_layers_of_the_classic_example():
    """The parameter counts that Keras prints for these layers on 28x28 images."""
    encoder = ConvEncoder((1, 28, 28), 4)
    sizes = [sum(p.numel() for p in layer.parameters()) for layer in encoder.layers]
    assert [size for size in sizes if size] == [320, 18496, 1179776, 129 * 4]
    decoder = ConvDecoder(2, (1, 28, 28))
    sizes = [sum(p.numel() for p in layer.parameters()) for layer in decoder.layers]
    assert [size for size in sizes if size] == [384, 16512, 129 * 256, 257 * 784]


@pytest.mark.parametrize("size", [(8, 8), (9, 8), (28, 28), (31, 13), (64, 64)])
@pytest.mark.parametrize("colours", [1, 3])
def test_the_residual_pair_takes_any_size(size, colours):
    shape = (colours, *size)
    encoder = ResNetEncoder(shape, 4, channels=(4, 8))
    decoder = ResNetDecoder(2, shape, groups=2, channels=(8, 4))
    features = colours * size[0] * size[1]
    assert encoder(torch.zeros(2, features)).shape == (2, 4)
    assert decoder(torch.zeros(2, 2)).shape == (2, 2 * features)


def test_a_decoder_puts_out_group_by_group():
    """Weights of the second group's channels move the second group's numbers alone."""
    decoder = ResNetDecoder(2, (3, 8, 8), groups=2, channels=(4,))
    z = torch.randn(1, 2)
    before = decoder(z).reshape(2, 3, 64)
    with torch.no_grad():
        decoder.layers[-1].bias[3:] += 1
    change = decoder(z).reshape(2, 3, 64) - before
    torch.testing.assert_close(change[0], torch.zeros(3, 64))
    torch.testing.assert_close(change[1], torch.ones(3, 64))


def test_an_encoder_reads_rows_as_channels_height_width():
    """A convolution over a wrongly folded row would mix up the colours."""
    encoder = ConvEncoder((3, 8, 8), 4).eval()
    image = torch.randn(3, 8, 8)
    folded = encoder.layers(image[None])
    torch.testing.assert_close(encoder(image.flatten()), folded[0])


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: ConvEncoder((64,), 4), "needs images .* use an MLP"),
        (lambda: ConvEncoder((1, 5, 8), 4), "at least 6x6 pixels, got 5x8"),
        (lambda: ConvDecoder(2, (30,)), "needs images"),
        (lambda: ResNetEncoder((1, 8, 7), 4), "at least 8x8 pixels, got 8x7"),
        (lambda: ResNetDecoder(2, (1, 7, 8)), "at least 8x8 pixels, got 7x8"),
        (lambda: ResNetEncoder((1, 8, 8), 4, channels=()), "at least one stage"),
        (lambda: ResNetDecoder(2, (1, 8, 8), channels=()), "at least one stage"),
    ],
)
def test_a_shape_that_does_not_fit_is_refused(build, message):
    with pytest.raises(ConfigError, match=message):
        build()

"""Downloads from a server on this machine; no test contacts another one."""

import gzip
import hashlib
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pytest

from vaekit.data import download, load_dataset
from vaekit.data.download import REMOTE, RemoteFile, RemoteSet, fetch
from vaekit.errors import ConfigError, DataError

NOWHERE = "http://127.0.0.1:9/"


class Quiet(SimpleHTTPRequestHandler):
    """Serves a folder and keeps count."""

    asked: list

    def log_message(self, *words):
        self.asked.append(self.path)


@pytest.fixture(autouse=True)
def no_data_folder(monkeypatch):
    monkeypatch.delenv("VAEKIT_DATA", raising=False)
    monkeypatch.setenv("NO_PROXY", "*")


@pytest.fixture
def server(tmp_path):
    folder = tmp_path / "server"
    folder.mkdir()
    Quiet.asked = []
    service = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=folder))
    thread = threading.Thread(target=service.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield folder, f"http://127.0.0.1:{service.server_port}/"
    service.shutdown()
    service.server_close()
    thread.join()


def offer(folder, address, images, kinds, write_idx, monkeypatch):
    """Put a small MNIST on the server."""
    files = []
    for part, rows in (("train", slice(0, 20)), ("t10k", slice(20, 30))):
        for kind, array in (("images-idx3", images[rows]), ("labels-idx1", kinds[rows])):
            path = write_idx(folder / f"{part}-{kind}-ubyte.gz", array)
            found = hashlib.sha256(gzip.decompress(path.read_bytes())).hexdigest()
            files.append(RemoteFile(name=path.name, sha256=found))
    monkeypatch.setitem(
        REMOTE, "fashion-mnist", RemoteSet(mirrors=(NOWHERE, address), files=tuple(files))
    )


@pytest.fixture
def small(server, images, write_idx, monkeypatch):
    offer(*server, images, np.arange(30) % 10, write_idx, monkeypatch)
    return server[0]


def test_files_are_fetched_from_the_first_mirror_that_answers_and_kept(small, images):
    data = load_dataset("fashion-mnist")
    assert np.array_equal(data.rows, images.reshape(30, -1))
    assert data.classes[9] == "Ankle boot"
    count = len(Quiet.asked)
    assert count == 4
    load_dataset("fashion-mnist")
    assert len(Quiet.asked) == count


def test_wrong_content_is_refused_and_removed(small, cache):
    other = small / "t10k-labels-idx1-ubyte.gz"
    other.write_bytes(gzip.compress(b"other"))
    with pytest.raises(DataError, match="not that of the published file"):
        fetch("fashion-mnist")
    assert not (cache / "fashion-mnist" / other.name).exists()


def test_a_file_that_came_cut_off_is_refused_and_removed(small, cache):
    other = small / "train-images-idx3-ubyte.gz"
    other.write_bytes(other.read_bytes()[:-20])
    with pytest.raises(DataError, match="not that of the published file"):
        fetch("fashion-mnist")
    assert not (cache / "fashion-mnist" / other.name).exists()


def test_the_users_own_folder_goes_first(small, tmp_path, monkeypatch, write_idx, images):
    own = tmp_path / "own" / "fashion-mnist"
    own.mkdir(parents=True)
    for path in small.iterdir():
        (own / path.name).write_bytes(path.read_bytes())
    monkeypatch.setenv("VAEKIT_DATA", str(own.parent))
    assert fetch("fashion-mnist") == own
    assert Quiet.asked == []


@pytest.mark.parametrize("name", sorted(REMOTE))
def test_without_network_the_error_says_what_to_do(name, monkeypatch, cache):
    real = REMOTE[name]
    monkeypatch.setitem(
        REMOTE, name, RemoteSet(mirrors=(NOWHERE,), files=real.files, packed=real.packed)
    )
    with pytest.raises(DataError) as caught:
        load_dataset(name)
    message = str(caught.value)
    for part in (*real.wanted, "VAEKIT_DATA", str(cache / name), "--data digits"):
        assert part in message
    assert not (cache / name).exists()


def test_the_text_of_the_binarized_set_is_packed_into_bits(server, monkeypatch, cache):
    folder, address = server
    parts, files = {}, []
    for part, count in (("train", 12), ("valid", 5), ("test", 4)):
        bits = np.random.default_rng(count).integers(0, 2, (count, 784), dtype=np.uint8)
        text = "".join(" ".join(map(str, row)) + " \n" for row in bits)
        name = f"binarized_mnist_{part}.amat"
        (folder / name).write_text(text, encoding="ascii")
        files.append(RemoteFile(name=name, sha256=hashlib.sha256(bits.tobytes()).hexdigest()))
        parts[part] = bits
    packed = download.REMOTE["binarized-mnist"].packed
    monkeypatch.setitem(
        REMOTE, "binarized-mnist", RemoteSet(mirrors=(address,), files=tuple(files), packed=packed)
    )
    data = load_dataset("binarized-mnist")
    assert np.array_equal(data.rows, np.concatenate(list(parts.values())))
    assert data.split.validation.tolist() == list(range(12, 17))
    assert [path.name for path in (cache / "binarized-mnist").iterdir()] == [packed]


@pytest.mark.parametrize("name", ["mnist", "fashion-mnist"])
def test_the_published_sums_are_those_of_the_real_files(name, real_data):
    for file in REMOTE[name].files:
        content = gzip.decompress((real_data / name / file.name).read_bytes())
        assert hashlib.sha256(content).hexdigest() == file.sha256


def test_the_published_sums_are_those_of_the_real_bits(real_data):
    with np.load(real_data / "binarized-mnist" / "binarized_mnist_larochelle.npz") as found:
        for file, key in zip(
            REMOTE["binarized-mnist"].files, ("train", "valid", "test"), strict=True
        ):
            bits = np.ascontiguousarray(np.unpackbits(found[key], axis=1)[:, :784])
            assert hashlib.sha256(bits.tobytes()).hexdigest() == file.sha256


@pytest.mark.parametrize(
    "mirror",
    [
        "http://example.org/",
        "ftp://example.org/",
        "http://127.0.0.1.example.org/",
        "file:///folder/",
    ],
)
def test_downloads_are_encrypted(mirror):
    with pytest.raises(ConfigError, match="with https"):
        RemoteSet(mirrors=(mirror,), files=())


@pytest.mark.parametrize("found", ["", "6bbc9ace898e44ae57da46a324031adb", "g" * 64])
def test_downloads_have_a_sha256(found):
    with pytest.raises(ConfigError, match="expected a SHA-256"):
        RemoteFile(name="a", sha256=found)

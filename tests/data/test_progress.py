from vaekit.data.download import DownloadBar


def test_counts_like_the_downloader_expects(capsys):
    with DownloadBar("file.gz") as bar:
        bar.total = 100
        bar.update(60)
        bar.update(60)
        assert (bar.total, bar.done) == (100, 120)
        bar.reset()
        bar.update(100)
        bar.close()
        assert bar.done == 100
    captured = capsys.readouterr()
    assert captured.out == ""  # a result on the output stays clean


def test_an_unknown_size():
    with DownloadBar("file.gz") as bar:
        bar.total = 0
        assert bar.total == 0

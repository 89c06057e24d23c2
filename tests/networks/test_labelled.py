import torch

from vaekit.networks import LabelledMLP


def test_the_first_layer_of_a_row_is_computed_once_for_all_labels():
    network = LabelledMLP(6, classes=3, hidden=[8], out_features=4)
    seen = []
    network.rows.register_forward_hook(lambda _, inputs, out: seen.append(out.shape))
    assert network(torch.zeros(5, 6), torch.arange(3).unsqueeze(-1)).shape == (3, 5, 4)
    assert seen == [(5, 8)]


def test_what_comes_before_the_first_layer_sees_the_rows():
    network = LabelledMLP(2, classes=3, hidden=[8], out_features=4, inputs=torch.nn.Linear(6, 2))
    assert network(torch.zeros(5, 6), torch.zeros(5, dtype=torch.long)).shape == (5, 4)

import json


def test_a_person_sees_what_is_in_the_data(vaekit):
    out = vaekit("data", "digits").out
    assert "1,797 (1,455 train, 162 validation, 180 test)" in out
    assert "1x8x8" in out
    assert "0 to 16" in out
    assert "9 (180)" in out


def test_json_has_the_same(vaekit):
    values = json.loads(vaekit("data", "breast-cancer", "--json").out)
    assert values["rows"]["all"] == 569
    assert values["classes"] == {"benign": 357, "malignant": 212}
    assert len(values["columns"]) == 30


def test_the_label_of_a_table_can_be_named(vaekit, tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("a,b,kind\n1,2,x\n3,4,y\n5,6,x\n", encoding="utf-8")
    values = json.loads(vaekit("data", path, "--label", "kind", "--json").out)
    assert values["classes"] == {"x": 2, "y": 1}
    assert values["columns"] == ["a", "b"]


def test_bad_data_are_explained(vaekit, tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("", encoding="utf-8")
    result = vaekit("data", path)
    assert (result.code, result.out) == (2, "")
    assert "t.csv" in result.err
    assert vaekit("data", "nowhere").code == 2

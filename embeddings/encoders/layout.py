"""The files of a model folder that `onnx.OnnxText` opens; named here, so that building one need not import torch."""

MODULE = "embeddings.encoders.onnx.OnnxText"
MODEL_FILE = "model.onnx"
WORDS_FILE = "words.bin"  # the table of words, to which the model file refers: mapped by processes, not read
TOKENIZER_FILE = "sentencepiece.model"
CONFIG_FILE = "onnx_text_config.json"
MODULES_FILE = "modules.json"  # this and the next are sentence-transformers' own
PROMPTS_FILE = "config_sentence_transformers.json"

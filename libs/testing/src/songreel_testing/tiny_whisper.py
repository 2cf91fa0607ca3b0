"""A tiny English Whisper model, built for a test, that always transcribes the same words.

Its layers contribute nothing, so each token depends on its position alone: the position
embeddings point at the next token. Everything around it is real: the conversion for
CTranslate2, the tokenizer, the decoding with time stamps.
"""

import json

import torch
from ctranslate2.converters import TransformersConverter
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers
from transformers import PreTrainedTokenizerFast, WhisperConfig, WhisperForConditionalGeneration

WIDTH = 64
WORDS = ("Moon", "sings", "with", "love")
SPECIAL = (
    "<|endoftext|>", "<|startoftranscript|>", "<|en|>", "<|translate|>", "<|transcribe|>",
    "<|startoflm|>", "<|startofprev|>", "<|nospeech|>", "<|notimestamps|>",
)  # fmt: skip


def tokenizer(words):
    """A byte-level tokenizer with one token for each of the words."""
    plain = sorted(pre_tokenizers.ByteLevel.alphabet()) + [f"\u0120{word}" for word in words]
    made = Tokenizer(models.BPE({token: number for number, token in enumerate(plain)}, []))
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    made.decoder = decoders.ByteLevel()
    made.add_special_tokens([AddedToken(token, normalized=False) for token in SPECIAL])
    stamps = [AddedToken(f"<|{number * 0.02:.2f}|>", normalized=False) for number in range(1_501)]
    made.add_tokens(stamps)
    return made


def build(folder, seconds=6.0, words=WORDS):
    """Writes the converted model and returns its folder.

    It transcribes `words` in the first `seconds` of each window.
    """
    names = tokenizer(words)
    size, ending = names.get_vocab_size(), names.token_to_id("<|endoftext|>")
    plain, converted = folder / "plain", folder / "converted"
    torch.manual_seed(0)
    model = WhisperForConditionalGeneration(
        WhisperConfig(
            vocab_size=size, d_model=WIDTH, encoder_layers=1, decoder_layers=1,
            encoder_attention_heads=2, decoder_attention_heads=2, encoder_ffn_dim=WIDTH,
            decoder_ffn_dim=WIDTH, num_mel_bins=80, pad_token_id=ending, bos_token_id=ending,
            eos_token_id=ending, decoder_start_token_id=ending + 1, suppress_tokens=None,
            begin_suppress_tokens=None,
        )
    ).eval()  # fmt: skip
    sentence = ["<|0.00|>", *(f"\u0120{word}" for word in words), f"<|{seconds:.2f}|>"]
    with torch.no_grad():
        for name, weight in model.named_parameters():
            if name.endswith(("out_proj.weight", "out_proj.bias", "fc2.weight", "fc2.bias")):
                weight.zero_()
        embedding = torch.nn.functional.normalize(torch.randn(size, WIDTH))
        model.model.decoder.embed_tokens.weight.copy_(embedding)
        places = model.model.decoder.embed_positions.weight
        places.copy_(20 * embedding[ending].expand_as(places))
        for place, token in enumerate(sentence):
            places[place] = 20 * embedding[names.token_to_id(token)]
        model.model.decoder.layer_norm.weight.fill_(4.0)
    model.save_pretrained(plain)
    PreTrainedTokenizerFast(tokenizer_object=names, eos_token="<|endoftext|>").save_pretrained(
        plain
    )
    TransformersConverter(str(plain), copy_files=["tokenizer.json"]).convert(str(converted))
    settings = json.loads((converted / "config.json").read_text())
    settings["suppress_ids"], settings["suppress_ids_begin"] = [], []
    (converted / "config.json").write_text(json.dumps(settings))
    return converted

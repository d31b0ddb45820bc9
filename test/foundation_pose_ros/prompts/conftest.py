"""Tiny models of transformers with random weights, saved as those that are downloaded are."""

from pathlib import Path

import pytest

LETTERS = "abcdefghijklmnopqrstuvwxyz"
SIDE_PX = 64


@pytest.fixture(scope="session")
def owlv2_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An OWLv2 with a layer in each part."""
    torch = pytest.importorskip("torch")
    transformers = pytest.importorskip("transformers")
    torch.manual_seed(0)
    vocabulary = {letter + end: 2 * n + bool(end) for n, letter in enumerate(LETTERS) for end in ("", "</w>")}
    begin, end = len(vocabulary), len(vocabulary) + 1
    tokenizer = transformers.CLIPTokenizer(
        vocab=vocabulary | {"<|startoftext|>": begin, "<|endoftext|>": end}, merges=[], model_max_length=16
    )
    small = {"hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 1, "num_attention_heads": 2}
    text = small | {"vocab_size": end + 1, "max_position_embeddings": 16, "bos_token_id": begin, "eos_token_id": end}
    config = transformers.Owlv2Config(
        text_config=text, vision_config=small | {"image_size": SIDE_PX, "patch_size": 16}, projection_dim=16
    )
    folder = tmp_path_factory.mktemp("owlv2")
    transformers.Owlv2ForObjectDetection(config).save_pretrained(folder)
    images = transformers.Owlv2ImageProcessor(size={"height": SIDE_PX, "width": SIDE_PX})
    transformers.Owlv2Processor(image_processor=images, tokenizer=tokenizer).save_pretrained(folder)
    return folder


@pytest.fixture(scope="session")
def grounding_dino_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Grounding DINO on a Swin transformer and a BERT of one layer each."""
    torch = pytest.importorskip("torch")
    transformers = pytest.importorskip("transformers")
    torch.manual_seed(0)
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", ".", "?", "red", "mug", *LETTERS]
    tokenizer = transformers.BertTokenizer(vocab={word: n for n, word in enumerate(words)})
    backbone = transformers.SwinConfig(
        image_size=SIDE_PX,
        embed_dim=8,
        depths=[1, 1, 1, 1],
        num_heads=[1, 1, 1, 1],
        window_size=2,
        out_features=["stage2", "stage3", "stage4"],
    )
    small = {"hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 1, "num_attention_heads": 2}
    config = transformers.GroundingDinoConfig(
        backbone_config=backbone,
        text_config=small | {"model_type": "bert", "vocab_size": len(words)},
        d_model=32,
        encoder_layers=1,
        decoder_layers=2,
        encoder_attention_heads=2,
        decoder_attention_heads=2,
        encoder_ffn_dim=32,
        decoder_ffn_dim=32,
        num_queries=10,
        max_text_len=32,
    )
    folder = tmp_path_factory.mktemp("grounding_dino")
    transformers.GroundingDinoForObjectDetection(config).save_pretrained(folder)
    images = transformers.GroundingDinoImageProcessor(size={"shortest_edge": SIDE_PX, "longest_edge": 96})
    transformers.GroundingDinoProcessor(image_processor=images, tokenizer=tokenizer).save_pretrained(folder)
    return folder


@pytest.fixture(scope="session")
def sam_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Segment Anything model with a layer in each part."""
    torch = pytest.importorskip("torch")
    transformers = pytest.importorskip("transformers")
    torch.manual_seed(0)
    config = transformers.SamConfig(
        vision_config={
            "hidden_size": 16,
            "num_hidden_layers": 1,
            "num_attention_heads": 2,
            "image_size": SIDE_PX,
            "patch_size": 8,
            "output_channels": 8,
            "mlp_dim": 32,
            "global_attn_indexes": [0],
            "window_size": 4,
            "num_pos_feats": 4,
        },
        prompt_encoder_config={"hidden_size": 8, "image_size": SIDE_PX, "patch_size": 8, "mask_input_channels": 4},
        mask_decoder_config={
            "hidden_size": 8,
            "num_hidden_layers": 1,
            "num_attention_heads": 2,
            "mlp_dim": 16,
            "iou_head_hidden_dim": 8,
        },
    )
    folder = tmp_path_factory.mktemp("sam")
    transformers.SamModel(config).save_pretrained(folder)
    images = transformers.SamImageProcessor(
        size={"longest_edge": SIDE_PX},
        pad_size={"height": SIDE_PX, "width": SIDE_PX},
        mask_size={"longest_edge": 16},
        mask_pad_size={"height": 16, "width": 16},
    )
    transformers.SamProcessor(image_processor=images).save_pretrained(folder)
    return folder

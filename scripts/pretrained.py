"""The encoder as it was pretrained, before it saw the corpus (needs the train extra)."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

from ka2nlp.embeddings import OnnxEncoder
from ka2nlp.encoder_export import export_encoder


def pretrained_encoder() -> OnnxEncoder:
    with TemporaryDirectory() as folder:
        return OnnxEncoder(export_encoder(Path(folder)))

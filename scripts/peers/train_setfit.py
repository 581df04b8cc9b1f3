"""SetFit: contrastive fine-tuning of the encoder on pairs of whole texts, one-vs-rest heads.

Two texts make a positive pair where they share any label. Training is cut short at a number of
steps; the encoder reads the first 256 tokens of a text.
"""

from __future__ import annotations

import exchange
import numpy as np
from datasets import Dataset
from setfit import SetFitModel, Trainer, TrainingArguments

WINDOW = 256


def fit(task: exchange.Task) -> exchange.Scorer:
    model = SetFitModel.from_pretrained(
        task.settings["encoder"], multi_target_strategy="one-vs-rest", device="cpu"
    )
    model.model_body.max_seq_length = WINDOW
    labels = task.truth.astype(int)
    arguments = TrainingArguments(
        output_dir=str(task.folder / "checkpoints"),
        batch_size=16,
        max_steps=task.settings["steps"],
        sampling_strategy="oversampling" if has_negative_pair(labels) else "unique",
        save_strategy="no",
        report_to="none",
        show_progress_bar=False,
        seed=0,
    )
    documents = Dataset.from_dict({"text": task.texts, "label": labels.tolist()})
    Trainer(model=model, args=arguments, train_dataset=documents).train()
    model.save_pretrained(task.model)
    return lambda texts: model.predict_proba(texts, as_numpy=True, show_progress_bar=False)


def has_negative_pair(labels: np.ndarray) -> bool:
    """Tell whether two texts share no label; SetFit cannot oversample pairs that do not exist."""
    return bool((labels @ labels.T == 0).any())


if __name__ == "__main__":
    exchange.run(fit)

"""model2vec: static vectors distilled from the encoder, with its own multi-label classifier.

Left to itself it stops after five epochs without gain, when it has learnt little more than the
frequencies of the labels; here it waits longer. It reads whole texts, not their first 512 tokens.
"""

from __future__ import annotations

import exchange
import numpy as np
from model2vec.distill import distill
from model2vec.train import StaticModelForClassification

PATIENCE = 20  # epochs
MAX_EPOCHS = 60


def fit(task: exchange.Task) -> exchange.Scorer:
    static = distill(task.settings["encoder"], device="cpu")
    model = StaticModelForClassification.from_static_model(model=static, max_length=None)
    model.fit(
        task.texts,
        task.codes,
        early_stopping_patience=PATIENCE,
        max_epochs=MAX_EPOCHS,
        device="cpu",
        random_seed=0,
    )
    model.to_pipeline().save_pretrained(task.model)
    order = [label["code"] for label in task.labels]
    columns = [order.index(code) for code in model.classes_]

    def score(texts: list[str]) -> np.ndarray:
        scores = np.zeros((len(texts), len(order)))  # a label that it never met scores 0
        scores[:, columns] = model.predict_proba(texts)
        return scores

    return score


if __name__ == "__main__":
    exchange.run(fit)

"""The models that every model must beat: majority class and logistic regression.

Both see the transformed training examples that the candidate was trained on, so what
the candidate has over them is what its network adds.
"""

from __future__ import annotations

import warnings

import numpy as np
import scipy.sparse
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression

from components.evaluate.values import Prediction
from contracts.errors import DataError
from contracts.features import Features
from contracts.signature import Signature

MAJORITY = "majority"
LOGISTIC_REGRESSION = "logistic_regression"
_MAX_NEWTON_STEPS = 50  # a handful suffices; where it does not, a floor is still one


def predict(
    train: Features, test: Features, signature: Signature
) -> dict[str, Prediction]:
    """Fit both trivial models on `train` and let them predict `test`.

    They decide like the candidate: same classes, same threshold. Raises DataError
    when the training examples hold one class only.
    """
    classes = len(signature.classes)
    shares = np.bincount(train.label, minlength=classes) / max(1, len(train.label))
    if np.count_nonzero(shares) < 2:
        raise DataError(
            f"train split: {np.count_nonzero(shares)} label class(es) in "
            f"{len(train.label):,} labelled examples; two are needed to learn anything"
        )
    examples = len(test.label)
    majority = Prediction(
        np.tile(shares, (examples, 1)), np.full(examples, np.argmax(shares))
    )
    probabilities = _fit_and_predict(train, test, classes)
    logistic = Prediction(probabilities, signature.decide(probabilities))
    return {MAJORITY: majority, LOGISTIC_REGRESSION: logistic}


def _fit_and_predict(train: Features, test: Features, classes: int) -> np.ndarray:
    sizes = 1 + np.max(
        [part.categorical.max(axis=0, initial=0) for part in (train, test)], axis=0
    )
    # Newton needs about six steps where L-BFGS needs sixty, and stays sparse.
    model = LogisticRegression(solver="newton-cg", max_iter=_MAX_NEWTON_STEPS)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        model.fit(_design(train, sizes), train.label)
    probabilities = np.zeros((len(test.label), classes))
    probabilities[:, model.classes_] = model.predict_proba(_design(test, sizes))
    return probabilities


def _design(features: Features, sizes: np.ndarray) -> scipy.sparse.csr_matrix:
    """Return numbers and one-hot categories side by side, (n, d + sum of sizes).

    A number that is missing is its mean, which is zero after standardisation.
    """
    rows, numbers = features.numeric.shape
    start = numbers + np.cumsum(sizes) - sizes  # the first column of each feature
    columns = np.concatenate(
        [np.tile(np.arange(numbers), (rows, 1)), features.categorical + start], axis=1
    )
    values = np.ones(columns.shape)
    values[:, :numbers] = np.nan_to_num(features.numeric, nan=0.0)
    per_row = np.arange(rows + 1) * columns.shape[1]
    return scipy.sparse.csr_matrix(
        (values.ravel(), columns.ravel().astype(np.int64), per_row),
        shape=(rows, numbers + int(sizes.sum())),
    )

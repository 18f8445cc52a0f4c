import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from components.evaluate.trivial import LOGISTIC_REGRESSION, MAJORITY, predict
from contracts.config import Task
from contracts.errors import DataError
from contracts.features import Features
from contracts.signature import Signature


def signature(classes, threshold=0.5):
    task = Task.BINARY if classes == 2 else Task.MULTICLASS
    names = [str(i) for i in range(classes)]
    return Signature(task=task, inputs=[], classes=names, threshold=threshold)


def features(rows, classes, seed):
    rng = np.random.default_rng(seed)
    numeric = rng.normal(size=(rows, 2)).astype(np.float32)
    categorical = rng.integers(0, 4, (rows, 2)).astype(np.int32)
    score = numeric[:, 0] + (categorical[:, 1] == 2) + rng.normal(size=rows)
    label = np.digitize(score, np.linspace(0, 1.5, classes - 1)).astype(np.int32)
    return Features(numeric, categorical, label)


def one_hot(part):
    flags = [part.categorical[:, [j]] == np.arange(4) for j in range(2)]
    return np.concatenate([part.numeric, *flags], axis=1)


@pytest.mark.parametrize("classes", [2, 3])
def test_logistic_regression_is_that_of_dense_one_hot_columns(classes):
    train, test = features(400, classes, 1), features(50, classes, 2)
    found = predict(train, test, signature(classes))[LOGISTIC_REGRESSION]
    model = LogisticRegression(tol=1e-8, max_iter=1000)
    expected = model.fit(one_hot(train), train.label).predict_proba(one_hot(test))
    np.testing.assert_allclose(found.probabilities, expected, atol=1e-3)


def test_logistic_regression_decides_with_the_models_threshold():
    train, test = features(400, 2, 1), features(50, 2, 2)
    found = predict(train, test, signature(2, threshold=0.2))[LOGISTIC_REGRESSION]
    assert (found.decisions == (found.probabilities[:, 1] >= 0.2)).all()


def test_majority_says_one_class_whatever_the_threshold():
    train, test = features(400, 2, 1), features(50, 2, 2)
    label = (np.arange(400) < 160).astype(np.int32)  # 40 % positive
    found = predict(train._replace(label=label), test, signature(2, threshold=0.3))
    assert (found[MAJORITY].decisions == 0).all()
    assert found[MAJORITY].probabilities[7].tolist() == [0.6, 0.4]


def test_a_category_that_training_never_saw_moves_nothing():
    train, test = features(400, 2, 1), features(2, 2, 2)
    unseen = test._replace(
        numeric=np.repeat(test.numeric[:1], 2, axis=0),
        categorical=np.array([[9, 1], [7, 1]], dtype=np.int32),
    )
    found = predict(train, unseen, signature(2))[LOGISTIC_REGRESSION].probabilities
    assert (found[0] == found[1]).all()


def test_a_missing_number_counts_as_the_mean():
    train, test = features(400, 2, 1), features(2, 2, 2)
    numeric = np.array([[np.nan, 1.0], [0.0, 1.0]], dtype=np.float32)
    same = test._replace(numeric=numeric, categorical=np.zeros((2, 2), np.int32))
    found = predict(train, same, signature(2))[LOGISTIC_REGRESSION].probabilities
    assert (found[0] == found[1]).all()


def test_a_class_without_training_examples_gets_no_probability():
    train, test = features(400, 2, 1), features(50, 2, 2)
    found = predict(train, test, signature(3))[LOGISTIC_REGRESSION].probabilities
    assert found.shape == (50, 3)
    assert (found[:, 2] == 0).all()


def test_one_class_in_training_is_refused():
    train = features(40, 2, 1)._replace(label=np.ones(40, dtype=np.int32))
    with pytest.raises(DataError, match=r"train split: 1 label class"):
        predict(train, train, signature(2))

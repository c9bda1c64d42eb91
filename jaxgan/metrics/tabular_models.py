"""Classifiers on rows of a table: efficacy and detection.

Efficacy: models that are trained on generated rows and tested on real ones (Xu
et al., 2019, section 5.2) predict the last column of categories from the
others. Detection: how well a classifier tells generated rows from real ones.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from jaxgan.data.mixed import Mixed
from jaxgan.metrics import tabular
from jaxgan.metrics.tabular import Part

_MOST_CLASSES = 20
_FOLDS = 3


class Efficacy(NamedTuple):
  """Quality of predictions on real rows, by model.

  Attributes:
    target: name of the predicted column.
    auc: area under the ROC curve; of several classes the mean of one against
      the rest.
    f1: of the rarer class; of several classes the mean.
  """

  target: str
  auc: dict[str, float]
  f1: dict[str, float]


def efficacy(columns: Mixed, train: np.ndarray, test: np.ndarray) -> Efficacy:
  """Trains three models on rows, and tests them on others.

  Args:
    columns: of the table.
    train: [N, M] encoded rows, generated or real.
    test: [N, M] real rows.

  Raises:
    ValueError: no column of 2 to 20 categories, or another column is missing.
  """
  fit, held = tabular.parts(columns, train), tabular.parts(columns, test)
  index = _target(held)
  y, truth = fit[index].values, held[index].values
  others = [i for i in range(len(held)) if i != index]
  if not others:
    raise ValueError(
      'The table has one column that varies; efficacy needs another one to '
      'predict it from.'
    )
  base = [held[i] for i in others]
  x = tabular.vectors(base, [fit[i] for i in others])
  x_test = tabular.vectors(base, base)
  auc, f1 = {}, {}
  for name, model in _models().items():
    if len(np.unique(y)) < 2 or len(np.unique(truth)) < 2:
      auc[name], f1[name] = 0.5, 0.0
      continue
    model.fit(x, y)
    auc[name], f1[name] = _scores(model, x_test, truth)
  return Efficacy(held[index].name, auc, f1)


def detection(real: Sequence[Part], fake: Sequence[Part], seed: int) -> float:
  """Cross-validated AUC of gradient boosting that tells fakes from real rows.

  Args:
    real: columns of N rows.
    fake: columns of about as many.
    seed: of the folds.

  Returns:
    0.5 if they cannot be told apart, 1 if they always can.
  """
  from sklearn import ensemble, metrics, model_selection  # Slow to import.

  x = np.concatenate([tabular.vectors(real, part) for part in (real, fake)])
  y = np.repeat([0, 1], [len(real[0].values), len(fake[0].values)])
  folds = model_selection.StratifiedKFold(
    _FOLDS, shuffle=True, random_state=seed
  )
  model = ensemble.HistGradientBoostingClassifier(
    max_iter=50, random_state=0, early_stopping=False
  )
  scores = model_selection.cross_val_predict(
    model, x, y, cv=folds, method='predict_proba'
  )[:, 1]
  return max(0.5, float(metrics.roc_auc_score(y, scores)))


def _target(rows: Sequence[Part]) -> int:
  for index in reversed(range(len(rows))):
    if rows[index].discrete and 2 <= rows[index].choices <= _MOST_CLASSES:
      return index
  raise ValueError(
    f'The table has no column of 2 to {_MOST_CLASSES} categories; efficacy '
    'predicts the last such column.'
  )


def _models() -> dict[str, Any]:
  from sklearn import ensemble, linear_model, tree  # Slow to import.

  return {
    'logistic': linear_model.LogisticRegression(max_iter=300),
    'tree': tree.DecisionTreeClassifier(max_depth=10, random_state=0),
    'boosting': ensemble.HistGradientBoostingClassifier(
      max_iter=50, random_state=0, early_stopping=False
    ),
  }


def _scores(
  model: Any, x: np.ndarray, truth: np.ndarray
) -> tuple[float, float]:
  """(AUC, F1); classes that the model has never seen count as errors."""
  from sklearn import metrics  # Slow to import.

  classes, given = model.classes_, np.unique(truth)
  by_class = dict(zip(classes.tolist(), model.predict_proba(x).T, strict=True))
  missing = np.zeros(len(truth))
  guess = model.predict(x)
  counts = {c: int((truth == c).sum()) for c in given.tolist()}
  # Of two classes the rarer one alone; of more the mean over all.
  rarer = [min(counts, key=counts.__getitem__)]
  scored = rarer if len(given) == 2 else [*counts]
  auc = [
    metrics.roc_auc_score(truth == c, by_class.get(c, missing)) for c in scored
  ]
  f1 = metrics.f1_score(
    truth, guess, labels=scored, average='macro', zero_division=0
  )
  return float(np.mean(auc)), float(f1)

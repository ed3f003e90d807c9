#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""What scikit-learn and XGBoost make of the tables that test_model_reference.c wrote.

model_reference.py FOLDER: reads train.csv, test.csv (features, last column label) and sessions.csv
in FOLDER and the settings below, and writes one CSV of a row per row of the test table for each
model. It ends with status 77 where the packages are absent.
"""
import json
import pathlib
import sys

try:
    import numpy
    import xgboost
    from scipy import stats
    from sklearn.covariance import EllipticEnvelope, EmpiricalCovariance
    from sklearn.metrics import average_precision_score, roc_auc_score
    from sklearn.preprocessing import StandardScaler
    from sklearn.svm import OneClassSVM
except ImportError as error:
    print(error)
    sys.exit(77)

# The feature sets of the thesis that the one-class SVM comes from, and its two values of nu.
SETS = [["uplink", "downlink"], ["uplink", "duration"], ["downlink", "duration"],
        ["uplink", "downlink", "duration"], ["uplink_rate", "downlink_rate"],
        ["uplink", "downlink", "duration", "uplink_rate", "downlink_rate"]]
NUS = [0.16, 0.005]


def load(path):
    with open(path, encoding="utf-8") as file:
        names = file.readline().strip().split(",")
    return names, numpy.loadtxt(path, delimiter=",", skiprows=1, ndmin=2)


def save(path, names, columns):
    numpy.savetxt(path, numpy.column_stack(columns), fmt="%.17g", delimiter=",",
                  header=",".join(names), comments="")


def models(folder):
    names, train = load(folder / "train.csv")
    _, test = load(folder / "test.csv")
    x, labels = train[:, :-1], train[:, -1]
    benign, judged = x[labels == 0], test[:, :-1]
    scaler = StandardScaler().fit(benign)
    scaled, judged_scaled = scaler.transform(benign), scaler.transform(judged)
    save(folder / "ref_scale.csv", ["mean", "scale"], [scaler.mean_, scaler.scale_])

    found = {}
    # A linear kernel on rows around the origin has no solution that libsvm gets near to: with less
    # than its usual tolerance it goes on for millions of steps.
    for name, kernel, nu, gamma, tolerance in (("rbf", "rbf", 0.05, 0.3, 1e-9),
                                               ("scale", "rbf", 0.1, "scale", 1e-9),
                                               ("linear", "linear", 0.2, "scale", 1e-3)):
        svm = OneClassSVM(kernel=kernel, nu=nu, gamma=gamma, tol=tolerance).fit(scaled)
        found["svm_" + name] = -svm.decision_function(judged_scaled)
        found["vectors_" + name] = numpy.full(len(judged), len(svm.support_))
    found["empirical"] = EmpiricalCovariance().fit(scaled).mahalanobis(judged_scaled)
    found["empirical_raw"] = EmpiricalCovariance().fit(benign).mahalanobis(judged)
    for columns in range(1, 7):
        robust = EllipticEnvelope(contamination=0.05, random_state=0)
        robust.fit(benign[:, :columns])
        found[f"robust_{columns}"] = robust.mahalanobis(judged[:, :columns])
        found[f"robust_flag_{columns}"] = robust.predict(judged[:, :columns]) < 0

    matrix = xgboost.DMatrix(x, label=labels, feature_names=names[:-1])
    judged_matrix = xgboost.DMatrix(judged, feature_names=names[:-1])
    settings = {"objective": "binary:logistic", "tree_method": "hist", "max_depth": 4,
                "eta": 0.1, "min_child_weight": 1, "subsample": 0.8, "colsample_bytree": 1,
                "lambda": 1, "scale_pos_weight": 1, "seed": 7, "nthread": 1, "base_score": 0.5}
    booster = xgboost.train(settings, matrix, num_boost_round=50)
    found["trees"] = booster.predict(judged_matrix)
    ours = xgboost.Booster(model_file=str(folder / "trees" / "trees.json"))
    found["ours_margin"] = ours.predict(judged_matrix, output_margin=True)
    found["ours"] = ours.predict(judged_matrix)
    holes = judged.copy()
    holes[::3, 0] = numpy.nan
    found["ours_missing"] = ours.predict(
        xgboost.DMatrix(holes, feature_names=names[:-1]), output_margin=True)
    assert json.loads(ours.save_config())["learner"]["objective"]["name"] == "binary:logistic"
    save(folder / "ref_scores.csv", list(found), list(found.values()))

    scores = load(folder / "ours.csv")[1][:, 0]
    save(folder / "ref_areas.csv", ["roc", "average"],
         [[roc_auc_score(test[:, -1], scores)], [average_precision_score(test[:, -1], scores)]])
    save(folder / "ref_chi2.csv", ["half", "upper"],
         [stats.chi2(range(1, 129)).isf(0.5), stats.chi2(range(1, 129)).isf(0.025)])


def sessions(folder):
    """The first three quarters train, the rest is judged, as in the thesis (gamma was 1 / the
    number of features then); scaled by the rows trained on."""
    names, table = load(folder / "sessions.csv")
    cut = len(table) * 3 // 4
    counts = []
    for features in SETS:
        x = table[:, [names.index(name) for name in features]]
        scaler = StandardScaler().fit(x[:cut])
        for nu in NUS:
            svm = OneClassSVM(nu=nu, gamma=1 / len(features), tol=1e-6)
            svm.fit(scaler.transform(x[:cut]))
            counts.append((svm.decision_function(scaler.transform(x[cut:])) < 0).sum())
    save(folder / "ref_sessions.csv", ["outliers"], [counts])


def main():
    folder = pathlib.Path(sys.argv[1])
    models(folder)
    sessions(folder)
    print(f"numpy {numpy.__version__}, XGBoost {xgboost.__version__}")


main()

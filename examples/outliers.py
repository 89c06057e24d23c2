"""Detect outliers of a table, with p-values and the columns that explain them."""

from sklearn.datasets import load_wine

from vaekit.estimators import VAEOutlierDetector

wine = load_wine(as_frame=True).data
outlier = wine.iloc[[0]].assign(alcohol=25.0)  # as strong as port

detector = VAEOutlierDetector(contamination=0.05, epochs=200, hidden=(32,), random_state=0)
detector.fit(wine)

print(detector.predict(outlier), detector.p_values(outlier))
print(f"false positives among inliers: {detector.false_alarm_rate_:.0%}")
contributions = detector.explain(outlier).iloc[0].sort_values(ascending=False)
print(contributions.head(3).round(1))
print(f"outlier because of {contributions.index[0]}")

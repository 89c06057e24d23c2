"""Which rows of a table are odd, how sure that is, and which columns make them so."""

from sklearn.datasets import load_wine

from vaekit.estimators import VAEOutlierDetector

wine = load_wine(as_frame=True).data
odd = wine.iloc[[0]].assign(alcohol=25.0)  # as strong as port

detector = VAEOutlierDetector(contamination=0.05, epochs=200, hidden=(32,), random_state=0)
detector.fit(wine)

print(detector.predict(odd), detector.p_values(odd))
print(f"false alarms in usual rows: {detector.false_alarm_rate_:.0%}")
blame = detector.explain(odd).iloc[0].sort_values(ascending=False)
print(blame.head(3).round(1))
print(f"odd because of {blame.index[0]}")

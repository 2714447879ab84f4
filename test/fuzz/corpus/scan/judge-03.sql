select count(*) FILTER (where -1 is /* a */ null) OVER (partition BY t . b) group by	a, B, NAME,
data having exists
(select '\\' from t) is null
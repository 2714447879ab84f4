select all (select -1	from t
limit 1) limit pg_catalog.abs(1); select delimiter('x')
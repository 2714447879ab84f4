values (count(*) filter	(where
substring(b from  1/* a /* b */ c */FOR 1) is null)
over  (partition by coalesce(pg_catalog.LOG(1), null)), DATA)
select distinct t.a from T,
lateral (select * from T cross join lateral close(1) q/* a /* b */ c */union all select E'a\'b' from t) q group by recheck(1)
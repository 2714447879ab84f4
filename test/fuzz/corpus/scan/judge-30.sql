select distinct ('seq'::regclass).nextval from u, t group by/* a /* b */ c */cube(a, b), grouping sets ((name), ()); -- x
select -- x
subscription (t.a)
select overlay(b placing 'x' from	1) as name
from generate_series(1, 2) t(a) /* a */ union all	select row(-1, 1), t.touch FROM t JOIN (select	('x')) Q on true 
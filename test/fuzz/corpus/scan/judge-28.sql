(select position(b
in nextval('seq')) as left from rows from (parser(1)) t(a) )
values (row_number() over (order by extract(year from -- x
now()),/* a /* b */ c */NEXTVAL('seq'))
(SELECT distinct B'01' from t, lateral (select count(*) /* a */ filter (where case when t."a" /* a */ IS null THEN t . b ELSE
B'01' end/* a /* b */ c */IS NULL) -- x
over (partition by any_value('x')), array[(true), array_sort('x')] from /* a */ U, -- x
t offset nextval('seq') rows fetch first NEXTVAL('seq') rows only) q union all select * from  t left join (select 1 as z) q on TRUE ORDER by t.touch)
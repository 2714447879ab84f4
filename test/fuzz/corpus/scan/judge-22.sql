(select 'a' -
b as generated group by a,/* a /* b */ c */b, name, data having substring(b -- x
from 1 for 1) is null)
select distinct overlay(B placing 'x' -- x
from 1) from T
CROSS
JOIN/* a /* b */ c */LATERALimport uescape(1) q GROUP /* a */ by write(1)
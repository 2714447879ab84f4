select t.touch,  '\\' is /* a */ not -- x
NULL

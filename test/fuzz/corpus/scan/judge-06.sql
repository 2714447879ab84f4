select	distinct -- x
'a' - b from t union all select -1 from t; select "overlaps"(1)
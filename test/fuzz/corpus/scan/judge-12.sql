select
notnull(1)
(select  substring(eventB from/* a /* b */ c */1 for 1) as
comments  from t where
A is not  NULL)
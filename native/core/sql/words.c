/* SPDX-License-Identifier: MIT */
#include "core/sql/words.h"

#include <stdlib.h>
#include <string.h>

/*
 * Built-in functions that write nothing and change nothing in the session. Left
 * out on purpose: functions that run a text as SQL (query_to_xml, ts_stat),
 * take a transaction id, sleep, signal, use files or large objects, or make
 * values of a type given by name (json_populate_record: the check of a domain
 * runs functions). Functions newer than PostgreSQL 13 are left out, too: on an
 * older server the name may be a user's.
 */
/* clang-format off */
static const char *const functions[] = {
  "abs", "acos", "acosd", "acosh", "age", "array_agg", "array_append",
  "array_cat", "array_dims", "array_fill", "array_length", "array_lower",
  "array_ndims", "array_position", "array_positions", "array_prepend",
  "array_remove", "array_replace", "array_to_json", "array_to_string",
  "array_upper", "ascii", "asin", "asind", "asinh", "atan", "atan2", "atan2d",
  "atand", "atanh", "avg", "bit_and", "bit_length", "bit_or", "bool_and",
  "bool_or", "bpchar", "btrim", "cardinality", "cbrt", "ceil", "ceiling",
  "char_length", "character_length", "chr", "clock_timestamp",
  "col_description", "concat", "concat_ws", "convert", "convert_from",
  "convert_to", "corr", "cos", "cosd", "cosh", "cot", "cotd", "count",
  "covar_pop", "covar_samp", "cume_dist", "current_database",
  "current_schemas", "current_setting", "date", "date_part", "date_trunc",
  "daterange", "decode", "degrees", "dense_rank", "encode", "enum_first",
  "enum_last", "enum_range", "exp", "factorial", "first_value", "float4",
  "float8", "floor", "format", "format_type", "gcd", "gen_random_uuid",
  "generate_series", "generate_subscripts", "get_bit", "get_byte",
  "has_any_column_privilege", "has_column_privilege", "has_database_privilege",
  "has_function_privilege", "has_schema_privilege", "has_sequence_privilege",
  "has_table_privilege", "has_type_privilege", "hashtext", "inet_client_addr",
  "inet_client_port", "inet_server_addr", "inet_server_port", "initcap",
  "int2", "int4", "int4range", "int8", "int8range", "isfinite", "json_agg",
  "json_array_elements", "json_array_elements_text", "json_array_length",
  "json_build_array", "json_build_object", "json_each", "json_each_text",
  "json_extract_path", "json_extract_path_text", "json_object",
  "json_object_agg", "json_object_keys", "json_strip_nulls", "json_to_record",
  "json_to_recordset", "json_typeof", "jsonb_agg", "jsonb_array_elements",
  "jsonb_array_elements_text", "jsonb_array_length", "jsonb_build_array",
  "jsonb_build_object", "jsonb_each", "jsonb_each_text", "jsonb_extract_path",
  "jsonb_extract_path_text", "jsonb_insert", "jsonb_object",
  "jsonb_object_agg", "jsonb_object_keys", "jsonb_path_exists",
  "jsonb_path_exists_tz", "jsonb_path_match", "jsonb_path_match_tz",
  "jsonb_path_query", "jsonb_path_query_array", "jsonb_path_query_array_tz",
  "jsonb_path_query_first", "jsonb_path_query_first_tz", "jsonb_path_query_tz",
  "jsonb_pretty", "jsonb_set", "jsonb_set_lax", "jsonb_strip_nulls",
  "jsonb_to_record", "jsonb_to_recordset", "jsonb_typeof", "justify_days",
  "justify_hours", "justify_interval", "lag", "last_value", "lcm", "lead",
  "length", "ln", "log10", "lower", "lower_inc", "lower_inf", "lpad", "ltrim",
  "make_date", "make_interval", "make_time", "make_timestamp",
  "make_timestamptz", "max", "md5", "min", "min_scale", "mod", "now",
  "nth_value", "ntile", "num_nonnulls", "num_nulls", "nummultirange",
  "numrange", "obj_description", "octet_length", "parse_ident", "percent_rank",
  "percentile_cont", "percentile_disc", "pg_backend_pid", "pg_client_encoding",
  "pg_column_size", "pg_conf_load_time", "pg_database_size",
  "pg_encoding_to_char", "pg_function_is_visible", "pg_get_constraintdef",
  "pg_get_expr", "pg_get_functiondef", "pg_get_indexdef",
  "pg_get_serial_sequence", "pg_get_triggerdef", "pg_get_userbyid",
  "pg_get_viewdef", "pg_indexes_size", "pg_is_in_recovery",
  "pg_my_temp_schema", "pg_postmaster_start_time", "pg_relation_size",
  "pg_size_bytes", "pg_size_pretty", "pg_table_is_visible", "pg_table_size",
  "pg_total_relation_size", "pg_type_is_visible", "pg_typeof",
  "phraseto_tsquery", "pi", "plainto_tsquery", "power", "quote_ident",
  "quote_literal", "quote_nullable", "radians", "random", "rank",
  "regexp_match", "regexp_matches", "regexp_replace", "regexp_split_to_array",
  "regexp_split_to_table", "regr_avgx", "regr_avgy", "regr_count",
  "regr_intercept", "regr_r2", "regr_slope", "regr_sxx", "regr_sxy",
  "regr_syy", "repeat", "reverse", "round", "row_number", "row_to_json",
  "rpad", "rtrim", "set_bit", "set_byte", "sha224", "sha256", "sha384",
  "sha512", "shobj_description", "sign", "sin", "sind", "sinh", "split_part",
  "sqrt", "starts_with", "statement_timestamp", "stddev", "stddev_pop",
  "stddev_samp", "string_agg", "string_to_array", "strpos", "substr", "sum",
  "tan", "tand", "tanh", "timeofday", "timestamptz", "timetz", "to_ascii",
  "to_char", "to_date", "to_hex", "to_json", "to_jsonb", "to_number",
  "to_regclass", "to_regnamespace", "to_regproc", "to_regprocedure",
  "to_regrole", "to_regtype", "to_timestamp", "to_tsquery", "to_tsvector",
  "transaction_timestamp", "translate", "trim_scale", "trunc", "ts_delete",
  "ts_filter", "ts_headline", "ts_lexize", "ts_rank", "ts_rank_cd",
  "tsmultirange", "tsquery_phrase", "tsrange", "tstzmultirange", "tstzrange",
  "tsvector_to_array", "unnest", "upper", "upper_inc", "upper_inf", "var_pop",
  "var_samp", "variance", "websearch_to_tsquery", "width_bucket", "xmlagg",
  "xpath", "xpath_exists"
};
/* clang-format on */

/*
 * More of them whose names users give to their own functions as well. With
 * arguments of another type a user's function is the better match, so only
 * pg_catalog.name is certain.
 */
/* clang-format off */
static const char *const qualified[] = {
  "area", "center", "circle", "diagonal", "diameter", "div", "every", "family",
  "height", "host", "hostmask", "inet_merge", "inet_same_family", "isclosed",
  "isempty", "isopen", "left", "log", "lseg", "macaddr8_set7bit", "masklen",
  "mode", "netmask", "network", "npoints", "numnode", "path", "pclose",
  "point", "polygon", "popen", "querytree", "radius", "range_merge", "replace",
  "right", "scale", "set_masklen", "setweight", "slope", "strip", "text",
  "timezone", "version", "width"
};
/* clang-format on */

/*
 * Keywords that may stand before a parenthesis and cannot be the name of a
 * user's function unless quoted: reserved, or column names only, in every
 * version.
 */
/* clang-format off */
static const char *const keywords[] = {
  "all", "and", "any", "array", "as", "between", "bigint", "bit", "boolean",
  "case", "cast", "char", "character", "coalesce", "current_date",
  "current_time", "current_timestamp", "dec", "decimal", "distinct", "else",
  "except", "exists", "extract", "float", "from", "greatest", "group",
  "grouping", "having", "in", "int", "integer", "intersect", "interval",
  "lateral", "least", "limit", "localtime", "localtimestamp", "nchar", "not",
  "nullif", "numeric", "offset", "on", "or", "overlay", "position", "real",
  "row", "select", "smallint", "some", "substring", "then", "time",
  "timestamp", "to", "treat", "trim", "union", "using", "values", "varchar",
  "when", "where", "window", "xmlconcat", "xmlelement", "xmlexists",
  "xmlforest", "xmlparse", "xmlpi", "xmlserialize"
};
/* clang-format on */

/*
 * Types that every server has. Any other may be a domain, whose check runs
 * functions.
 */
/* clang-format off */
static const char *const types[] = {
  "_bool", "_bytea", "_date", "_float4", "_float8", "_int2", "_int4", "_int8",
  "_json", "_jsonb", "_numeric", "_text", "_timestamp", "_timestamptz",
  "_uuid", "_varchar", "bigint", "bit", "bool", "boolean", "box", "bpchar",
  "bytea", "char", "character", "cid", "cidr", "circle", "date", "daterange",
  "dec", "decimal", "float", "float4", "float8", "inet", "int", "int2",
  "int2vector", "int4", "int4range", "int8", "int8range", "integer",
  "interval", "json", "jsonb", "jsonpath", "line", "lseg", "macaddr",
  "macaddr8", "money", "name", "national", "nchar", "numeric", "numrange",
  "oid", "oidvector", "path", "pg_lsn", "point", "polygon", "real",
  "refcursor", "regclass", "regconfig", "regdictionary", "regnamespace",
  "regoper", "regoperator", "regproc", "regprocedure", "regrole", "regtype",
  "smallint", "text", "tid", "time", "timestamp", "timestamptz", "timetz",
  "tsquery", "tsrange", "tstzrange", "tsvector", "txid_snapshot", "uuid",
  "varbit", "varchar", "xid", "xml"
};
/* clang-format on */

/* Keywords after which an expression may begin. */
/* clang-format off */
static const char *const openers[] = {
  "all", "and", "any", "array", "as", "asymmetric", "at", "between", "both",
  "by", "case", "cast", "collate", "content", "default", "distinct",
  "document", "else", "escape", "except", "exists", "fetch", "first",
  "following", "for", "from", "group", "groups", "having", "ilike", "in",
  "intersect", "interval", "is", "join", "key", "lateral", "leading", "like",
  "limit", "local", "materialized", "next", "not", "of", "offset", "on",
  "only", "operator", "or", "order", "over", "overlaps", "partition",
  "passing", "percent", "placing", "position", "preceding", "range", "return",
  "returning", "row", "rows", "select", "set", "sets", "similar", "some",
  "standalone", "symmetric", "table", "tablesample", "then", "ties", "to",
  "trailing", "uescape", "union", "unique", "using", "value", "values",
  "variadic", "version", "when", "where", "window", "with", "within", "zone"
};
/* clang-format on */

/*
 * Those of them that cannot be the name of a type: a string constant after one
 * is just a string.
 */
/* clang-format off */
static const char *const reserved[] = {
  "all", "and", "any", "asymmetric", "between", "both", "case", "distinct",
  "else", "for", "from", "having", "in", "leading", "limit", "not", "offset",
  "on", "or", "placing", "select", "some", "symmetric", "then", "to",
  "trailing", "using", "variadic", "when", "where"
};
/* clang-format on */

/* PostgreSQL's own operators, and => of named arguments. */
/* clang-format off */
static const char *const operators[] = {
  "!", "!!", "!=", "!~", "!~*", "!~~", "!~~*", "#", "##", "#-", "#>", "#>>",
  "%", "&", "&&", "&<", "&<|", "&>", "*", "*<", "*<=", "*<>", "*=", "*>",
  "*>=", "+", "-", "->", "->>", "-|-", "/", "<", "<->", "<<", "<<=", "<<|",
  "<=", "<>", "<@", "<^", "=", "=>", ">", ">=", ">>", ">>=", ">^", "?", "?#",
  "?&", "?-", "?-|", "?|", "?||", "@", "@-@", "@>", "@?", "@@", "@@@", "^",
  "^@", "|", "|&>", "|/", "|>>", "||", "||/", "~", "~*", "~<=~", "~<~", "~=",
  "~>=~", "~>~", "~~", "~~*"
};
/* clang-format on */

static int compare(const void *key, const void *item) {
  return strcmp(key, *(const char *const *)item);
}

static bool listed(const char *const *list, size_t bytes, const char *word) {
  return bsearch(word, list, bytes / sizeof(*list), sizeof(*list), compare) !=
         NULL;
}

bool hf_sql_is_read_only_function(const char *word) {
  return listed(functions, sizeof(functions), word);
}

bool hf_sql_is_read_only_qualified(const char *word) {
  return listed(functions, sizeof(functions), word) ||
         listed(qualified, sizeof(qualified), word);
}

bool hf_sql_is_paren_keyword(const char *word) {
  return listed(keywords, sizeof(keywords), word);
}

bool hf_sql_is_builtin_type(const char *word) {
  return listed(types, sizeof(types), word);
}

bool hf_sql_opens_expression(const char *word) {
  return listed(openers, sizeof(openers), word);
}

bool hf_sql_is_reserved_opener(const char *word) {
  return listed(reserved, sizeof(reserved), word);
}

bool hf_sql_is_known_operator(const char *symbol) {
  return listed(operators, sizeof(operators), symbol);
}

static bool sorted(const char *const *list, size_t bytes) {
  size_t i;

  for (i = 1; i < bytes / sizeof(*list); i++) {
    if (strcmp(list[i - 1], list[i]) >= 0) {
      return false;
    }
  }
  return true;
}

bool hf_sql_words_sorted(void) {
  return sorted(functions, sizeof(functions)) &&
         sorted(qualified, sizeof(qualified)) &&
         sorted(keywords, sizeof(keywords)) && sorted(types, sizeof(types)) &&
         sorted(openers, sizeof(openers)) &&
         sorted(reserved, sizeof(reserved)) &&
         sorted(operators, sizeof(operators));
}

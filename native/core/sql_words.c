/* SPDX-License-Identifier: MIT */
#include "sql_words.h"

#include <stdlib.h>
#include <string.h>

/*
 * Built-in functions that write nothing and change nothing in the session.
 * Left out on purpose: what runs a text as SQL (query_to_xml, ts_stat), takes
 * a transaction number, sleeps, signals, or touches files and large objects.
 */
static const char *const functions[] = {
    "abs", "acos", "acosd", "acosh", "age", "any_value", "area", "array_agg",
    "array_append", "array_cat", "array_dims", "array_fill", "array_length",
    "array_lower", "array_ndims", "array_position", "array_positions",
    "array_prepend", "array_remove", "array_replace", "array_sample",
    "array_shuffle", "array_sort", "array_to_json", "array_to_string",
    "array_upper", "ascii", "asin", "asind", "asinh", "atan", "atan2",
    "atan2d", "atand", "atanh", "avg", "bit_and", "bit_count", "bit_length",
    "bit_or", "bit_xor", "bool_and", "bool_or", "bpchar", "btrim",
    "cardinality", "cbrt", "ceil", "ceiling", "center", "char_length",
    "character_length", "chr", "circle", "clock_timestamp", "col_description",
    "concat", "concat_ws", "convert", "convert_from", "convert_to", "corr",
    "cos", "cosd", "cosh", "cot", "cotd", "count", "covar_pop", "covar_samp",
    "cume_dist", "current_database", "current_schemas", "current_setting",
    "date", "date_add", "date_bin", "date_part", "date_subtract",
    "date_trunc", "daterange", "decode", "degrees", "dense_rank", "diagonal",
    "diameter", "div", "encode", "enum_first", "enum_last", "enum_range",
    "erf", "erfc", "every", "exp", "factorial", "family", "first_value",
    "float4", "float8", "floor", "format", "format_type", "gcd",
    "gen_random_uuid", "generate_series", "generate_subscripts", "get_bit",
    "get_byte", "has_any_column_privilege", "has_column_privilege",
    "has_database_privilege", "has_function_privilege",
    "has_schema_privilege", "has_sequence_privilege", "has_table_privilege",
    "has_type_privilege", "hashtext", "height", "host", "hostmask",
    "inet_client_addr", "inet_client_port", "inet_merge", "inet_same_family",
    "inet_server_addr", "inet_server_port", "initcap", "int2", "int4",
    "int4range", "int8", "int8range", "isclosed", "isempty", "isfinite",
    "isopen", "json_agg", "json_agg_strict", "json_array_elements",
    "json_array_elements_text", "json_array_length", "json_build_array",
    "json_build_object", "json_each", "json_each_text", "json_extract_path",
    "json_extract_path_text", "json_object", "json_object_agg",
    "json_object_keys", "json_populate_record", "json_populate_recordset",
    "json_strip_nulls", "json_to_record", "json_to_recordset", "json_typeof",
    "jsonb_agg", "jsonb_agg_strict", "jsonb_array_elements",
    "jsonb_array_elements_text", "jsonb_array_length", "jsonb_build_array",
    "jsonb_build_object", "jsonb_each", "jsonb_each_text",
    "jsonb_extract_path", "jsonb_extract_path_text", "jsonb_insert",
    "jsonb_object", "jsonb_object_agg", "jsonb_object_keys",
    "jsonb_path_exists", "jsonb_path_exists_tz", "jsonb_path_match",
    "jsonb_path_match_tz", "jsonb_path_query", "jsonb_path_query_array",
    "jsonb_path_query_array_tz", "jsonb_path_query_first",
    "jsonb_path_query_first_tz", "jsonb_path_query_tz",
    "jsonb_populate_record", "jsonb_populate_recordset", "jsonb_pretty",
    "jsonb_set", "jsonb_set_lax", "jsonb_strip_nulls", "jsonb_to_record",
    "jsonb_to_recordset", "jsonb_typeof", "justify_days", "justify_hours",
    "justify_interval", "lag", "last_value", "lcm", "lead", "left", "length",
    "ln", "log", "log10", "lower", "lower_inc", "lower_inf", "lpad", "lseg",
    "ltrim", "macaddr8_set7bit", "make_date", "make_interval", "make_time",
    "make_timestamp", "make_timestamptz", "masklen", "max", "md5", "min",
    "min_scale", "mod", "mode", "netmask", "network", "now", "npoints",
    "nth_value", "ntile", "num_nonnulls", "num_nulls", "nummultirange",
    "numnode", "numrange", "obj_description", "octet_length", "parse_ident",
    "path", "pclose", "percent_rank", "percentile_cont", "percentile_disc",
    "pg_backend_pid", "pg_client_encoding", "pg_column_size",
    "pg_conf_load_time", "pg_database_size", "pg_encoding_to_char",
    "pg_function_is_visible", "pg_get_constraintdef", "pg_get_expr",
    "pg_get_functiondef", "pg_get_indexdef", "pg_get_serial_sequence",
    "pg_get_triggerdef", "pg_get_userbyid", "pg_get_viewdef",
    "pg_indexes_size", "pg_is_in_recovery", "pg_my_temp_schema",
    "pg_postmaster_start_time", "pg_relation_size", "pg_size_bytes",
    "pg_size_pretty", "pg_table_is_visible", "pg_table_size",
    "pg_total_relation_size", "pg_type_is_visible", "pg_typeof",
    "phraseto_tsquery", "pi", "plainto_tsquery", "point", "polygon", "popen",
    "power", "querytree", "quote_ident", "quote_literal", "quote_nullable",
    "radians", "radius", "random", "range_agg", "range_intersect_agg",
    "range_merge", "rank", "regexp_count", "regexp_instr", "regexp_like",
    "regexp_match", "regexp_matches", "regexp_replace",
    "regexp_split_to_array", "regexp_split_to_table", "regexp_substr",
    "regr_avgx", "regr_avgy", "regr_count", "regr_intercept", "regr_r2",
    "regr_slope", "regr_sxx", "regr_sxy", "regr_syy", "repeat", "replace",
    "reverse", "right", "round", "row_number", "row_to_json", "rpad", "rtrim",
    "scale", "set_bit", "set_byte", "set_masklen", "setweight", "sha224",
    "sha256", "sha384", "sha512", "shobj_description", "sign", "sin", "sind",
    "sinh", "slope", "split_part", "sqrt", "starts_with",
    "statement_timestamp", "stddev", "stddev_pop", "stddev_samp",
    "string_agg", "string_to_array", "string_to_table", "strip", "strpos",
    "substr", "sum", "tan", "tand", "tanh", "text", "timeofday",
    "timestamptz", "timetz", "timezone", "to_ascii", "to_char", "to_date",
    "to_hex", "to_json", "to_jsonb", "to_number", "to_regclass",
    "to_regnamespace", "to_regproc", "to_regprocedure", "to_regrole",
    "to_regtype", "to_timestamp", "to_tsquery", "to_tsvector",
    "transaction_timestamp", "translate", "trim_array", "trim_scale", "trunc",
    "ts_delete", "ts_filter", "ts_headline", "ts_lexize", "ts_rank",
    "ts_rank_cd", "tsmultirange", "tsquery_phrase", "tsrange",
    "tstzmultirange", "tstzrange", "tsvector_to_array", "unicode_version",
    "unistr", "unnest", "upper", "upper_inc", "upper_inf", "var_pop",
    "var_samp", "variance", "version", "websearch_to_tsquery", "width",
    "width_bucket", "xmlagg", "xpath", "xpath_exists"};

/*
 * Words of the grammar that may stand before a parenthesis and cannot be the
 * name of a user's function unless quoted.
 */
static const char *const keywords[] = {
    "all", "and", "any", "array", "as", "between", "bigint", "bit", "boolean",
    "case", "cast", "char", "character", "coalesce", "current_date",
    "current_time", "current_timestamp", "dec", "decimal", "distinct", "else",
    "except", "exists", "extract", "float", "from", "greatest", "group",
    "grouping", "having", "ilike", "in", "int", "integer", "intersect",
    "interval", "join", "lateral", "least", "left", "like", "limit",
    "localtime", "localtimestamp", "nchar", "not", "nullif", "numeric",
    "offset", "on", "or", "overlaps", "overlay", "position", "real", "right",
    "row", "select", "similar", "smallint", "some", "substring", "then",
    "time", "timestamp", "to", "treat", "trim", "union", "using", "values",
    "varchar", "varying", "when", "where", "window", "xmlconcat",
    "xmlelement", "xmlexists", "xmlforest", "xmlparse", "xmlpi",
    "xmlserialize"};

/* PostgreSQL's own operators, and => of named arguments. */
static const char *const operators[] = {
    "!", "!!", "!=", "!~", "!~*", "!~~", "!~~*", "#", "##", "#-", "#>", "#>>",
    "%", "&", "&&", "&<", "&<|", "&>", "*", "*<", "*<=", "*<>", "*=", "*>",
    "*>=", "+", "-", "->", "->>", "-|-", "/", "<", "<->", "<<", "<<=", "<<|",
    "<=", "<>", "<@", "<^", "=", "=>", ">", ">=", ">>", ">>=", ">^", "?",
    "?#", "?&", "?-", "?-|", "?|", "?||", "@", "@-@", "@>", "@?", "@@", "@@@",
    "^", "^@", "|", "|&>", "|/", "|>>", "||", "||/", "~", "~*", "~<=~", "~<~",
    "~=", "~>=~", "~>~", "~~", "~~*"};

static int compare(const void *key, const void *item) {
  return strcmp(key, *(const char *const *)item);
}

static bool listed(const char *const *list, size_t bytes, const char *word) {
  return bsearch(word, list, bytes / sizeof(*list), sizeof(*list), compare) !=
         NULL;
}

bool hf_sql_is_harmless_function(const char *word) {
  return listed(functions, sizeof(functions), word);
}

bool hf_sql_is_paren_keyword(const char *word) {
  return listed(keywords, sizeof(keywords), word);
}

bool hf_sql_is_known_operator(const char *symbol) {
  return listed(operators, sizeof(operators), symbol);
}

bool hf_sql_words_sorted(void) {
  size_t i;

  for (i = 1; i < sizeof(functions) / sizeof(functions[0]); i++) {
    if (strcmp(functions[i - 1], functions[i]) >= 0) {
      return false;
    }
  }
  for (i = 1; i < sizeof(keywords) / sizeof(keywords[0]); i++) {
    if (strcmp(keywords[i - 1], keywords[i]) >= 0) {
      return false;
    }
  }
  for (i = 1; i < sizeof(operators) / sizeof(operators[0]); i++) {
    if (strcmp(operators[i - 1], operators[i]) >= 0) {
      return false;
    }
  }
  return true;
}

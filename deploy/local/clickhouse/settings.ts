/**
 * The engine's settings that a caller may change. All others are constant, by constraints of the engine: among some 1,700 settings are
 * paths of files that a format reads or writes (`format_template_row`, `output_format_schema`), SQL in a text
 * (`additional_result_filter`), other parsers (`dialect`), and disks anywhere (`merge_tree_disk`). A new version's settings are constant, too.
 */
const CHANGEABLE: ReadonlySet<string> = new Set([
  'readonly',
  // How an INSERT is formed.
  'async_insert',
  'wait_for_async_insert',
  'insert_deduplicate',
  'insert_deduplication_token',
  'optimize_on_insert',
  'input_format_parallel_parsing',
  'max_insert_threads',
  'max_insert_block_size',
  'min_insert_block_size_rows',
  'min_insert_block_size_bytes',
  'max_block_size',
  // Limits of a statement.
  'max_execution_time',
  'max_threads',
  'max_query_size',
  'max_ast_elements',
  'max_expanded_ast_elements',
  'max_result_rows',
  'max_rows_to_read',
  'max_bytes_before_external_group_by',
  'max_bytes_before_external_sort',
  'receive_timeout',
  // When a change is done.
  'mutations_sync',
  'alter_sync',
  'lightweight_deletes_sync',
  // How a SELECT is computed and written.
  'final',
  'join_algorithm',
  'join_use_nulls',
  'optimize_read_in_order',
  'session_timezone',
  'log_comment',
  'date_time_input_format',
  'date_time_output_format',
  'input_format_skip_unknown_fields',
  'input_format_null_as_default',
  'input_format_defaults_for_omitted_fields',
  'output_format_json_quote_64bit_integers',
  'output_format_parquet_compression_method',
  'output_format_parquet_row_group_size',
  'output_format_parquet_string_as_string',
  'output_format_parquet_parallel_encoding',
  // Of a table.
  'merge_tree_allow_nullable_key',
  'merge_tree_fsync_after_insert',
  'merge_tree_index_granularity',
  'merge_tree_non_replicated_deduplication_window',
  'merge_tree_replicated_deduplication_window',
  'merge_tree_replicated_deduplication_window_seconds',
])

/** Selects the names of all settings, those of tables with the prefix that constraints give them; a setting's other names follow it. */
export const ALL_SETTINGS = `SELECT arrayStringConcat(arrayDistinct(arrayConcat([if(alias_for = '', name, alias_for) AS setting], groupArray(name))), ' ')
  FROM system.settings GROUP BY setting
  UNION ALL SELECT concat('merge_tree_', name) FROM system.merge_tree_settings`

/** @param all lines of `ALL_SETTINGS` @returns the settings that must be constant */
export function constantSettings(all: readonly string[]): readonly string[] {
  return all
    .map((line) => line.split(' '))
    .filter((names) => !names.some((name) => CHANGEABLE.has(name)))
    .flatMap(([name = '']) => name)
}

/** Keys of the footer metadata of every Parquet file that a function writes. */
export const OUTPUT_METADATA = {
  /** JSON list of `[key, version]`: exactly the object versions whose rows the file holds. */
  sources: "edp.sources",
  dataset: "edp.dataset",
  schemaVersion: "edp.schema_version",
} as const;

const LEAVES = {
  string: "VARCHAR",
  json: "VARCHAR",
  int64: "BIGINT",
  boolean: "BOOLEAN",
  date: "VARCHAR",
  timestamp: "BIGINT",
};

/** DuckDB's `columns` for a dataset's fields, every type explicit. */
export function duckdbColumns(fields) {
  const members = Object.entries(fields.fields).map(([name, field]) => `'${name}': '${typeOf(field)}'`);
  return `{${members.join()}}`;
}

function typeOf(field) {
  if (field.kind === "list") return `${typeOf(field.element)}[]`;
  if (field.kind !== "struct") return LEAVES[field.kind];
  return `STRUCT(${Object.entries(field.fields)
    .map(([name, member]) => `"${name}" ${typeOf(member)}`)
    .join()})`;
}

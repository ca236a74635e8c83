import type { PipelineStatus } from "../aws/status.ts";
import { formatAge, formatBytes } from "../terminal/format.ts";
import { table } from "../terminal/table.ts";
import type { Terminal } from "../terminal/terminal.ts";

type Cell = string | number | null;

/** A table of one kind of things. */
interface Section {
  head: string[];
  rows: Cell[][];
}

/**
 * Tables of the kinds that a pipeline has: streams, deliveries, tables, databases, APIs; empty where it has none.
 * @param withUrls URLs of APIs are longer than many a terminal is wide
 */
export function dataSections(pipeline: PipelineStatus, terminal: Terminal, withUrls: boolean): string[] {
  return [
    streams(pipeline),
    deliveries(pipeline),
    tables(pipeline),
    databases(pipeline),
    apis(pipeline, terminal, withUrls),
  ]
    .filter(({ rows }) => rows.length > 0)
    .map(({ head, rows }) => table(terminal, head, rows));
}

function streams({ streams }: PipelineStatus): Section {
  return {
    head: ["stream", "status", "shards", "lag"],
    rows: Object.entries(streams).map(([key, one]) => [
      key,
      one.status,
      one.shards,
      formatAge(one.iteratorAgeMilliseconds === null ? null : one.iteratorAgeMilliseconds / 1000),
    ]),
  };
}

function deliveries({ deliveries }: PipelineStatus): Section {
  return {
    head: ["delivery", "oldest undelivered"],
    rows: Object.entries(deliveries).map(([key, one]) => [key, formatAge(one.dataFreshnessSeconds)]),
  };
}

function tables({ tables }: PipelineStatus): Section {
  return {
    head: ["table", "items, about", "bytes, about"],
    rows: Object.entries(tables).map(([key, one]) => [key, one.items, formatBytes(one.bytes)]),
  };
}

function databases({ databases }: PipelineStatus): Section {
  return {
    head: ["database", "server"],
    rows: Object.entries(databases).map(([key, { host, port }]) => [
      key,
      host === null ? null : `${host}:${port}`,
    ]),
  };
}

function apis({ apis }: PipelineStatus, { color }: Terminal, withUrls: boolean): Section {
  const all = Object.entries(apis);
  const withKeys = all.some(([, { apiKey }]) => apiKey !== undefined);
  return {
    head: ["api", "requests", "4xx", "5xx", ...(withUrls ? ["url"] : []), ...(withKeys ? ["key"] : [])],
    rows: all.map(([key, one]) => [
      key,
      one.requests,
      one.errors4xx,
      one.errors5xx ? color.red(String(one.errors5xx)) : one.errors5xx,
      ...(withUrls ? [one.url] : []),
      ...(withKeys ? [one.apiKey ?? null] : []),
    ]),
  };
}

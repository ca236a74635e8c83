import { writeFile } from "node:fs/promises";
import path from "node:path";
import { GetObjectCommand, paginateListObjectsV2, type S3Client } from "@aws-sdk/client-s3";
import { DuckDBInstance } from "@duckdb/node-api";
import pMap from "p-map";

const READS_AT_ONCE = 16;

/** An event as it lies in the lake. */
export interface LakeEvent {
  eventId: string;
  type: string;
  /** As it was sent: fields beyond the type's own are back from `extra`. */
  data: Record<string, unknown>;
  /** Partition in its key: `type=<type>`. */
  partition: string;
}

/**
 * Every event below `events/`, repetitions included, in the order of their ids: unpacked and parsed by DuckDB, which
 * shares no code with edp.
 * @param directory where the objects are put
 */
export async function lakeEvents(s3: S3Client, Bucket: string, directory: string): Promise<LakeEvent[]> {
  const keys: string[] = [];
  for await (const { Contents = [] } of paginateListObjectsV2(
    { client: s3 },
    { Bucket, Prefix: "events/" },
  )) {
    keys.push(...Contents.flatMap(({ Key }) => Key ?? []));
  }
  const files = await pMap(
    keys,
    async (Key, index) => {
      const { Body } = await s3.send(new GetObjectCommand({ Bucket, Key }));
      const partition = /\/(type=[^/]+)\/year=\d{4}\/month=\d\d\/day=\d\d\/hour=\d\d\//.exec(Key)?.[1] ?? "";
      const file = path.join(directory, `${partition}-${index}.json.gz`);
      await writeFile(file, (await Body?.transformToByteArray()) ?? new Uint8Array());
      return `'${file}'`;
    },
    { concurrency: READS_AT_ONCE },
  );
  if (files.length === 0) return [];
  const instance = await DuckDBInstance.create(":memory:", { threads: "1" });
  const connection = await instance.connect();
  try {
    const columns = "{eventId: 'VARCHAR', type: 'VARCHAR', data: 'JSON'}";
    const result = await connection.runAndReadAll(
      `SELECT eventId, type, data::VARCHAR AS data, regexp_extract(filename, 'type=[^-]+') AS partition
       FROM read_json([${files.join(",")}], format = 'newline_delimited', columns = ${columns}, filename = true)
       ORDER BY eventId`,
    );
    return result.getRowObjectsJson().map((row) => {
      const { extra = {}, ...own } = JSON.parse(String(row.data)) as { extra?: object };
      return { ...row, data: { ...own, ...extra } } as unknown as LakeEvent;
    });
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}

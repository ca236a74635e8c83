import { randomBytes } from "node:crypto";
import type { Operations } from "../../http/json-protocol.ts";
import { type Members, structure, structures, text } from "../../http/members.ts";
import type { DeliveryStreams } from "../delivery-streams.ts";
import { invalidArgument } from "../errors.ts";
import { requiredStream } from "./required.ts";

/** https://docs.aws.amazon.com/firehose/latest/dev/limits.html */
const MAX_RECORDS = 500;
/** Data of one record and of one PutRecordBatch, in bytes. */
const MAX_RECORD_BYTES = 1_024_000;
const MAX_REQUEST_BYTES = 4 * 1024 * 1024;

export function putActions(streams: DeliveryStreams): Operations {
  const put = async (input: Members, records: Buffer[]): Promise<string[]> => {
    const { delivery, direct } = requiredStream(streams, input);
    if (!direct) {
      throw invalidArgument("This operation is not permitted on KinesisStreamAsSource delivery stream type.");
    }
    await direct.append(records.map((data) => ({ key: "", data })));
    delivery.metrics.incoming(
      records.length,
      records.reduce((bytes, data) => bytes + data.length, 0),
    );
    delivery.wake();
    return records.map(() => randomBytes(112).toString("base64"));
  };
  return {
    PutRecord: async (input) => {
      const [RecordId] = await put(input, [dataOf(structure(input, "Record"))]);
      return { RecordId, Encrypted: false };
    },

    PutRecordBatch: async (input) => {
      const records = structures(input, "Records");
      if (records.length === 0 || records.length > MAX_RECORDS) {
        throw invalidArgument(`Records must hold 1 to ${MAX_RECORDS} records`);
      }
      const datas = records.map(dataOf);
      if (datas.reduce((bytes, data) => bytes + data.length, 0) > MAX_REQUEST_BYTES) {
        throw invalidArgument("Records size exceeds 4 MB limit");
      }
      const ids = await put(input, datas);
      return { FailedPutCount: 0, Encrypted: false, RequestResponses: ids.map((RecordId) => ({ RecordId })) };
    },
  };
}

function dataOf(record: Members | undefined): Buffer {
  const data = record && text(record, "Data");
  if (data === undefined) throw invalidArgument("Data must not be null");
  const bytes = Buffer.from(data, "base64");
  if (bytes.length > MAX_RECORD_BYTES) {
    throw invalidArgument(`Data must have length less than or equal to ${MAX_RECORD_BYTES}`);
  }
  return bytes;
}

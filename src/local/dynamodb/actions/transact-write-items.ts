import { createHash } from "node:crypto";
import type { Operation } from "../../http/json-protocol.ts";
import { type Members, structure, structures, text } from "../../http/members.ts";
import { AwsError } from "../../service.ts";
import { Consumed, writeUnits } from "../capacity.ts";
import { constraint, DynamoDbError, validation } from "../errors.ts";
import type { Item } from "../item/attribute-value.ts";
import { MAX_TRANSACTION_BYTES, MAX_TRANSACTION_ITEMS } from "../limits.ts";
import type { Database, UsedToken, Write } from "../store/database.ts";
import {
  type PreparedWrite,
  prepareCheck,
  prepareDelete,
  preparePut,
  prepareUpdate,
} from "../writes/prepare.ts";

const ACTIONS = {
  ConditionCheck: prepareCheck,
  Put: preparePut,
  Delete: prepareDelete,
  Update: prepareUpdate,
} as const;
const MAX_TOKEN = 36;

/** https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItems.html */
export function transactWriteItems(database: Database): Operation {
  return async (input) => {
    const consumed = new Consumed(input);
    const writes = read(database, structures(input, "TransactItems"));
    const token = text(input, "ClientRequestToken");
    const commit = async (used?: UsedToken) => {
      await database.write(writes, used, (before) => decideAll(writes, before));
    };
    if (token === undefined) await commit();
    else await once(database, token, input, commit);
    for (const { table, bytes } of writes) consumed.add(table.definition.name, writeUnits(bytes, true));
    return consumed.all();
  };
}

/** The same token within ten minutes writes nothing more. @throws AwsError IdempotentParameterMismatchException */
async function once(
  database: Database,
  token: string,
  input: Members,
  commit: (used: UsedToken) => Promise<void>,
): Promise<void> {
  if (token.length < 1 || token.length > MAX_TOKEN) {
    throw constraint(
      "clientRequestToken",
      `'${token}'`,
      `Member must have length between 1 and ${MAX_TOKEN}`,
    );
  }
  const request = createHash("sha256").update(JSON.stringify(input.TransactItems)).digest("hex");
  await database.holdingToken(token, async () => {
    const before = database.usedToken(token);
    if (!before) return commit({ token, request, at: database.now() });
    if (before.request !== request) {
      throw new DynamoDbError(
        "IdempotentParameterMismatchException",
        "A previous request with the same ClientRequestToken had different parameters",
      );
    }
  });
}

function read(database: Database, actions: readonly Members[]): PreparedWrite[] {
  if (actions.length === 0 || actions.length > MAX_TRANSACTION_ITEMS) {
    throw constraint(
      "transactItems",
      `'[${actions.length} items]'`,
      actions.length === 0
        ? "Member must have length greater than or equal to 1"
        : `Member must have length less than or equal to ${MAX_TRANSACTION_ITEMS}`,
    );
  }
  const writes = actions.map((action) => {
    const kinds = (Object.keys(ACTIONS) as (keyof typeof ACTIONS)[]).filter((kind) =>
      structure(action, kind),
    );
    const [kind] = kinds;
    if (!kind || kinds.length > 1) {
      throw validation("TransactItems can only contain one of Check, Put, Update or Delete");
    }
    const request = structure(action, kind) ?? {};
    if (kind === "ConditionCheck" && request.ConditionExpression === undefined) {
      throw constraint(
        "transactItems.member.conditionCheck.conditionExpression",
        "null",
        "Member must not be null",
      );
    }
    return ACTIONS[kind](database, request);
  });
  const places = writes.map(({ table, place }) => `${table.definition.id} ${place}`);
  if (new Set(places).size < places.length) {
    throw validation("Transaction request cannot include multiple operations on one item");
  }
  if (writes.reduce((sum, { bytes }) => sum + bytes, 0) > MAX_TRANSACTION_BYTES) {
    throw validation("Collection size of items in the transaction exceeded the limit of 4 MB");
  }
  return writes;
}

interface Reason {
  Code: string;
  Message?: string;
  Item?: object;
}

/** Every decision, or, when one says no, an error that tells of each. @throws AwsError TransactionCanceledException */
function decideAll(
  writes: readonly Write[],
  before: readonly (Item | undefined)[],
): (Item | null | undefined)[] {
  const reasons: Reason[] = [];
  const decided = writes.map((write, index) => {
    try {
      const after = write.decide(before[index]);
      reasons.push({ Code: "None" });
      return after;
    } catch (error) {
      if (!(error instanceof AwsError)) throw error;
      reasons.push(reasonOf(error));
      return undefined;
    }
  });
  if (reasons.every(({ Code }) => Code === "None")) return decided;
  const codes = reasons.map(({ Code }) => Code).join(", ");
  throw new DynamoDbError(
    "TransactionCanceledException",
    `Transaction cancelled, please refer cancellation reasons for specific reasons [${codes}]`,
    { CancellationReasons: reasons },
  );
}

function reasonOf(error: AwsError): Reason {
  const details = error instanceof DynamoDbError ? error.details : {};
  const conditional = error.code === "ConditionalCheckFailedException";
  return {
    Code: conditional ? "ConditionalCheckFailed" : "ValidationError",
    Message: error.message,
    ...details,
  };
}

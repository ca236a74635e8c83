import { failQuery, handleQuery, type QueryOperations } from "../http/query-protocol.ts";
import { type EngineParts, LOCAL_ACCOUNT, type Service } from "../service.ts";

const PROTOCOL = { namespace: "https://sts.amazonaws.com/doc/2011-06-15/" };

const OPERATIONS: QueryOperations = {
  GetCallerIdentity: () => ({
    Arn: `arn:aws:iam::${LOCAL_ACCOUNT}:root`,
    UserId: LOCAL_ACCOUNT,
    Account: LOCAL_ACCOUNT,
  }),
};

/** STS: GetCallerIdentity only. Credentials are not checked, so everybody is the account's root. */
export function createSts(_parts: EngineParts): Service {
  return {
    handle: (request) => handleQuery(PROTOCOL, OPERATIONS, request),
    fail: (error, request) => failQuery(PROTOCOL, error, request),
    close: async () => {},
  };
}

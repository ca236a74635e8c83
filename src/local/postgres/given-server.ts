import { AwsError } from "../service.ts";

/** Environment variable with the URL of a PostgreSQL that is used instead of one of edp's own. */
export const URL_VARIABLE = "EDP_WAREHOUSE_URL";

/** A server that the user has named. */
export interface GivenServer {
  host: string;
  port: number;
  /** The database; its schemas staging, if_common and analytics become the warehouse's. */
  name: string;
  username: string;
  password: string;
  /** `disable` for a server without TLS. */
  sslmode: string | undefined;
}

/**
 * Reads `postgres://user:password@host:5432/database?sslmode=disable`.
 * @throws AwsError InvalidParameter, without the password
 */
export function parseServerUrl(text: string): GivenServer {
  const wrong = (why: string) =>
    new AwsError("InvalidParameter", `${URL_VARIABLE} ${why}: postgres://user:password@host:5432/database`);
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    throw wrong("is no URL");
  }
  if (!/^postgres(ql)?:$/.test(url.protocol)) throw wrong(`begins with ${url.protocol}`);
  const name = decodeURIComponent(url.pathname.slice(1));
  if (url.hostname === "" || url.username === "" || name === "") throw wrong("lacks host, user or database");
  return {
    host: url.hostname.replace(/^\[(.*)\]$/, "$1"),
    port: Number(url.port || 5432),
    name,
    username: decodeURIComponent(url.username),
    password: decodeURIComponent(url.password),
    sslmode: url.searchParams.get("sslmode") ?? undefined,
  };
}

/** What the function reads from its environment; the names follow from the edges in `fakestore.json`. */
export interface Environment {
  /** Name of the Kinesis stream. */
  stream: string;
  /** Origins whose pages may read the answers, `*` for all. */
  corsOrigins: string[];
}

/** Reads the environment. @throws Error that names the missing variable. */
export function readEnvironment(variables: NodeJS.ProcessEnv = process.env): Environment {
  const stream = variables.STREAM_EVENTS;
  if (!stream) {
    throw new Error(
      "The environment lacks STREAM_EVENTS: deploy the function with the edges that fakestore.json declares.",
    );
  }
  const origins = (variables.EDP_CORS_ALLOWED_ORIGINS ?? "").split(",");
  return { stream, corsOrigins: origins.map((origin) => origin.trim()).filter((origin) => origin !== "") };
}

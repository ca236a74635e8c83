/** What the function reads from its environment; the names follow from the edges in `spotify.json`. */
export interface Environment {
  bronze: string;
  staging: string;
  dlqUrl: string;
  /** Set where the AWS API is not AWS itself. */
  endpointUrl: string | undefined;
}

const VARIABLES = { bronze: "BUCKET_BRONZE", staging: "BUCKET_STAGING", dlqUrl: "DLQ_LANDED_URL" } as const;

/** Reads the environment. @throws Error that names every missing variable. */
export function readEnvironment(variables: NodeJS.ProcessEnv = process.env): Environment {
  const missing = Object.values(VARIABLES).filter((name) => !variables[name]);
  if (missing.length > 0) {
    throw new Error(
      `The environment lacks ${missing.join(", ")}: deploy the function with the edges that spotify.json declares.`,
    );
  }
  const read = (name: string) => variables[name] ?? "";
  return {
    bronze: read(VARIABLES.bronze),
    staging: read(VARIABLES.staging),
    dlqUrl: read(VARIABLES.dlqUrl),
    endpointUrl: variables.AWS_ENDPOINT_URL || undefined,
  };
}

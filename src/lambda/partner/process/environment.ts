/** What the function reads from its environment; the names follow from the edges in `partner.json`. */
export interface Environment {
  uploads: string;
  reports: string;
  customers: string;
  messagesUrl: string;
  dlqUrl: string;
  /** Set where the AWS API is not AWS itself. */
  endpointUrl: string | undefined;
}

const VARIABLES = {
  uploads: "BUCKET_UPLOADS",
  reports: "BUCKET_REPORTS",
  customers: "TABLE_CUSTOMERS",
  messagesUrl: "QUEUE_MESSAGES_URL",
  dlqUrl: "DLQ_ARRIVED_URL",
} as const;

/** Reads the environment. @throws Error that names every missing variable. */
export function readEnvironment(variables: NodeJS.ProcessEnv = process.env): Environment {
  const missing = Object.values(VARIABLES).filter((name) => !variables[name]);
  if (missing.length > 0) {
    throw new Error(
      `The environment lacks ${missing.join(", ")}: deploy the function with the edges that partner.json declares.`,
    );
  }
  const read = (name: string) => variables[name] ?? "";
  return {
    uploads: read(VARIABLES.uploads),
    reports: read(VARIABLES.reports),
    customers: read(VARIABLES.customers),
    messagesUrl: read(VARIABLES.messagesUrl),
    dlqUrl: read(VARIABLES.dlqUrl),
    endpointUrl: variables.AWS_ENDPOINT_URL || undefined,
  };
}

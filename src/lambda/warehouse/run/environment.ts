/** What the function reads from its environment; the names follow from the edges in `warehouse.json`. */
export interface Environment {
  inbox: string;
  exports: string;
  topicArn: string;
  dlqUrl: string;
  database: DatabaseAddress;
  /** Folder of the exported tables: the project's name. */
  project: string;
  /** Country of the generated holidays, as date-holidays knows it: `US`, or with a region `DE-BY`. */
  country: string;
  /** Rows that may be refused before a run fails. */
  rejectLimit: number;
  /** Receives after which a message goes to the DLQ; the last one's failure is told by mail. */
  maxReceiveCount: number;
  /** Set where the AWS API is not AWS itself. */
  endpointUrl: string | undefined;
}

export interface DatabaseAddress {
  host: string;
  port: number;
  name: string;
  secretArn: string;
}

const VARIABLES = {
  inbox: "BUCKET_INBOX",
  exports: "BUCKET_EXPORTS",
  topicArn: "TOPIC_RUNS_ARN",
  dlqUrl: "DLQ_ARRIVED_URL",
  host: "DATABASE_ANALYTICS_HOST",
  port: "DATABASE_ANALYTICS_PORT",
  name: "DATABASE_ANALYTICS_NAME",
  secretArn: "DATABASE_ANALYTICS_SECRET_ARN",
  functionName: "AWS_LAMBDA_FUNCTION_NAME",
  country: "HOLIDAY_COUNTRY",
  rejectLimit: "REJECT_LIMIT",
  maxReceiveCount: "MAX_RECEIVE_COUNT",
} as const;

const COUNTRY = /^[A-Z]{2}(-[A-Z0-9]{1,5}){0,2}$/i;

/** Reads the environment. @throws Error that names every missing or wrong variable. */
export function readEnvironment(variables: NodeJS.ProcessEnv = process.env): Environment {
  const missing = Object.values(VARIABLES).filter((name) => !variables[name]);
  if (missing.length > 0) {
    throw new Error(
      `The environment lacks ${missing.join(", ")}: deploy the function with the edges and settings that warehouse.json declares.`,
    );
  }
  const read = (name: keyof typeof VARIABLES) => variables[VARIABLES[name]] ?? "";
  const wrong = (["port", "rejectLimit", "maxReceiveCount"] as const)
    .filter((name) => !/^\d{1,9}$/.test(read(name)))
    .map((name) => `${VARIABLES[name]}=${read(name)} is no whole number`);
  if (!COUNTRY.test(read("country"))) {
    wrong.push(`HOLIDAY_COUNTRY=${read("country")} is no country code like US, or DE-BY with a region`);
  }
  if (wrong.length > 0) throw new Error(`The environment is wrong: ${wrong.join("; ")}.`);
  return {
    inbox: read("inbox"),
    exports: read("exports"),
    topicArn: read("topicArn"),
    dlqUrl: read("dlqUrl"),
    database: {
      host: read("host"),
      port: Number(read("port")),
      name: read("name"),
      secretArn: read("secretArn"),
    },
    project: projectOf(read("functionName")),
    country: read("country").toUpperCase(),
    rejectLimit: Number(read("rejectLimit")),
    maxReceiveCount: Number(read("maxReceiveCount")),
    endpointUrl: variables.AWS_ENDPOINT_URL || undefined,
  };
}

/** The project in `<project>-<env>-warehouse-run`. What an env's own dashes leave of it stays. */
function projectOf(functionName: string): string {
  return functionName.replace(/-warehouse-run$/, "").replace(/-[^-]*$/, "");
}

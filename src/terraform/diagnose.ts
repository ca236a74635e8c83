import { CredentialsError, EdpError, EXIT, InvalidInputError } from "../errors.ts";
import type { Diagnostic } from "./json-stream.ts";

interface Finding {
  code: string;
  make: "credentials" | "terraform" | "input";
  hint: string;
}

interface Rule {
  matches: RegExp;
  finding(match: RegExpMatchArray, text: string): Finding;
}

/**
 * What AWS and Terraform say, and what the user can do. The first rule that matches any error wins, so causes
 * (credentials) stand before what they cause (a missing resource).
 */
const RULES: readonly Rule[] = [
  {
    // https://docs.aws.amazon.com/STS/latest/APIReference/CommonErrors.html
    matches:
      /ExpiredToken(?:Exception)?|RequestExpired|token (?:included in the request )?(?:has|is) expired|SSO session (?:has expired|associated)/i,
    finding: () => ({
      code: "CREDENTIALS_EXPIRED",
      make: "credentials",
      hint: "Sign in again (aws sso login, or fresh access keys), then repeat the command.",
    }),
  },
  {
    matches:
      /InvalidClientTokenId|UnrecognizedClientException|SignatureDoesNotMatch|InvalidAccessKeyId|security token included in the request is invalid/,
    finding: () => ({
      code: "CREDENTIALS_INVALID",
      make: "credentials",
      hint: "AWS does not know these credentials: check --profile, AWS_PROFILE and the AWS_ variables of the shell.",
    }),
  },
  {
    matches:
      /No valid credential sources found|failed to (?:refresh cached|retrieve) credentials|failed to get shared config profile|no EC2 IMDS role found/,
    finding: () => ({
      code: "CREDENTIALS_MISSING",
      make: "credentials",
      hint: "Give a profile with --profile, or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.",
    }),
  },
  {
    matches: /Error acquiring the state lock/,
    finding: (_match, text) => {
      const { who, since, operation } = readLock(text);
      const holder = who
        ? ` ${who} holds it${since ? ` since ${since}` : ""}${operation ? ` (${operation})` : ""}.`
        : "";
      return {
        code: "STATE_LOCKED",
        make: "terraform",
        hint: `Somebody else is changing this environment.${holder} Wait for the end, or run \`npx edp unlock\` when nobody is.`,
      };
    },
  },
  {
    matches:
      /Failed to (?:query available provider packages|install provider)|Could not (?:connect to|retrieve the list of available versions)|registry\.(?:terraform\.io|opentofu\.org)/,
    finding: () => ({
      code: "PROVIDER_UNREACHABLE",
      make: "terraform",
      hint: "The AWS provider can't be fetched: check the network and proxy, or name a filesystem_mirror in TF_CLI_CONFIG_FILE.",
    }),
  },
  {
    matches:
      /OptInRequired|is not (?:enabled|subscribed)|AuthFailure|Invalid AWS Region|invalid AWS Region|Region .{0,40} (?:is )?disabled|no such host/,
    finding: (match) =>
      /no such host/.test(match[0])
        ? {
            code: "UNREACHABLE",
            make: "terraform",
            hint: "A host is not found: check the network, --region and --endpoint-url.",
          }
        : {
            code: "REGION_NOT_ENABLED",
            make: "terraform",
            hint: "Enable the region for this account (AWS console, Account, AWS Regions), or choose another with --region.",
          },
  },
  {
    // https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html
    matches: /not authorized to perform:? ([a-z0-9-]+:[A-Za-z*]+)(?: on resource:? "?([^\s"]+)"?)?/,
    finding: (match, text) => ({
      code: "ACCESS_DENIED",
      make: "credentials",
      hint:
        `Allow ${match[1]}${match[2] ? ` on ${match[2]}` : ""} for the deploying user` +
        `${/explicit deny/.test(text) ? " (a policy denies it explicitly)" : ""}. \`npx edp iam-policy\` prints all it needs.`,
    }),
  },
  {
    matches: /AccessDenied|AuthorizationError|UnauthorizedOperation|StatusCode: 403/,
    finding: (_match, text) => {
      const operation = /operation error ([^:]+): (\w+)/.exec(text);
      return {
        code: "ACCESS_DENIED",
        make: "credentials",
        hint:
          `Allow ${operation ? `${operation[1]}:${operation[2]}` : "this action"} for the deploying user. ` +
          "`npx edp iam-policy` prints all it needs.",
      };
    },
  },
  {
    matches:
      /BucketAlreadyExists|BucketAlreadyOwnedByYou|EntityAlreadyExists|ResourceConflictException|ResourceAlreadyExistsException|QueueAlreadyExists|QueueNameExists|already exists/,
    finding: () => ({
      code: "NAME_TAKEN",
      make: "terraform",
      hint: "A thing of this name exists outside of this environment's state. Remove it, or choose another `project` or --env.",
    }),
  },
  {
    matches: /QueueDeletedRecently/,
    finding: () => ({
      code: "NAME_TAKEN",
      make: "terraform",
      hint: "SQS gives a deleted queue's name back after 60 seconds: repeat the command then.",
    }),
  },
  {
    matches:
      /LimitExceeded|TooManyBuckets|ServiceQuotaExceeded|CodeStorageExceeded|quota|UnreservedConcurrentExecution/i,
    finding: () => ({
      code: "QUOTA",
      make: "terraform",
      hint: "A service quota of the account is reached: remove what is not needed, or ask for more under Service Quotas.",
    }),
  },
  {
    matches: /ThrottlingException|Rate exceeded|RequestLimitExceeded|TooManyRequests|SlowDown/,
    finding: () => ({
      code: "THROTTLED",
      make: "terraform",
      hint: "AWS throttles the calls: repeat the command, with a smaller --parallelism. What is done stays done.",
    }),
  },
  {
    matches: /dial tcp|connection refused|i\/o timeout|TLS handshake timeout|proxyconnect/,
    finding: () => ({
      code: "UNREACHABLE",
      make: "terraform",
      hint: "AWS or the endpoint does not answer: check the network, the proxy and --endpoint-url.",
    }),
  },
  {
    matches: /Saved plan is stale/,
    finding: () => ({
      code: "PLAN_STALE",
      make: "terraform",
      hint: "Somebody changed the environment between plan and apply: run the command again.",
    }),
  },
  {
    matches: /Failed to (?:save|persist) state|errored\.tfstate/,
    finding: () => ({
      code: "STATE_NOT_SAVED",
      make: "terraform",
      hint: "The new state is in errored.tfstate of the working copy: push it with `terraform state push errored.tfstate` before anything else.",
    }),
  },
  {
    matches: /BucketNotEmpty/,
    finding: () => ({
      code: "BUCKET_NOT_EMPTY",
      make: "terraform",
      hint: "Objects arrived while the bucket was being emptied: run the command again.",
    }),
  },
  {
    // DynamoDB's and RDS' words.
    matches: /protected against deletion|DeletionProtection/,
    finding: () => ({
      code: "DELETION_PROTECTED",
      make: "terraform",
      hint: "Take deletionProtection out of edp.config.json, deploy, then run this again.",
    }),
  },
  {
    matches:
      /Invalid value for (?:input )?variable|(?:Resource|Module output value) (?:pre|post)condition failed/,
    finding: () => ({
      code: "INVALID_INPUT",
      make: "input",
      hint: "Correct the value named above in edp.config.json or in the pipeline's file.",
    }),
  },
];

/**
 * Turns Terraform's diagnostics into the one error the user sees: the cause first, with the resource, what AWS
 * said, and what to do; the other errors follow as a list.
 * @param operation what failed, e.g. "terraform apply".
 * @param text last lines outside the JSON stream, for a Terraform that broke without a diagnostic.
 */
export function diagnose(
  operation: string,
  diagnostics: readonly Diagnostic[],
  text: readonly string[] = [],
  killedBy: string | null = null,
): EdpError {
  const errors = unique(diagnostics.filter(({ severity }) => severity === "error"));
  for (const rule of RULES) {
    for (const error of errors) {
      const whole = `${error.summary}\n${error.detail}`;
      const match = rule.matches.exec(whole);
      if (match) return build(operation, rule.finding(match, whole), error, errors);
    }
  }
  const [first] = errors;
  if (first) {
    const hint =
      "Terraform's own text is above; what was done so far is in the state, and the command can be repeated.";
    return build(operation, { code: "TERRAFORM_FAILED", make: "terraform", hint }, first, errors);
  }
  const why = killedBy ? `was ended by ${killedBy}` : "failed without saying why";
  const said = text.filter((line) => line.trim() !== "").slice(-5);
  return new EdpError("TERRAFORM_FAILED", EXIT.terraform, [`${operation} ${why}.`, ...said].join("\n  "), {
    hint: "Run the command again: Terraform picks up from its state. Its streams are in .edp/<env>/logs/.",
  });
}

function build(
  operation: string,
  finding: Finding,
  first: Diagnostic,
  errors: readonly Diagnostic[],
): EdpError {
  const others = errors.filter((error) => error !== first);
  const lines = [`${operation} failed: ${describe(first)}`];
  if (others.length > 0) {
    lines.push(
      `and ${others.length} more:`,
      ...others.slice(0, MAX_OTHERS).map((error) => `  ${headline(error)}`),
    );
    if (others.length > MAX_OTHERS) lines.push(`  ... and ${others.length - MAX_OTHERS} others`);
  }
  const message = lines.join("\n");
  if (finding.make === "credentials")
    return new CredentialsError(message, { code: finding.code, hint: finding.hint });
  if (finding.make === "input")
    return new InvalidInputError(message, { code: finding.code, hint: finding.hint });
  return new EdpError(finding.code, EXIT.terraform, message, { hint: finding.hint });
}

/** Errors listed after the first. */
const MAX_OTHERS = 5;
/** Characters of AWS's text that are shown. */
const MAX_DETAIL = 1_200;

function describe(error: Diagnostic): string {
  const detail = error.detail.trim();
  const cut = detail.length > MAX_DETAIL ? `${detail.slice(0, MAX_DETAIL)} ...` : detail;
  return cut === "" ? headline(error) : `${headline(error)}\n  ${cut.replaceAll("\n", "\n  ")}`;
}

function headline(error: Diagnostic): string {
  const place = error.address ?? (error.file ? `${error.file}:${error.line}` : "");
  return place ? `${place}: ${error.summary}` : error.summary;
}

/** Terraform repeats "execution halted" for each resource once it is stopped. */
function unique(errors: readonly Diagnostic[]): Diagnostic[] {
  const seen = new Map<string, Diagnostic>();
  for (const error of errors) seen.set(`${error.address}\n${error.summary}\n${error.detail}`, error);
  return [...seen.values()];
}

/** Reads the "Lock Info" of a lock error. */
export function readLock(text: string): { id?: string; who?: string; since?: string; operation?: string } {
  const field = (name: string) => new RegExp(`^\\s*${name}:\\s*(\\S.*?)\\s*$`, "m").exec(text)?.[1];
  const created = field("Created");
  return {
    id: field("ID"),
    who: field("Who"),
    operation: field("Operation")
      ?.replace(/^OperationType/, "")
      .toLowerCase(),
    // Go prints "2026-11-21 03:24:25.008043512 +0000 UTC".
    since: created?.replace(/^(\S+) (\d\d:\d\d:\d\d)\S* \+0000 UTC$/, "$1T$2Z"),
  };
}

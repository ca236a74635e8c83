// Every IAM statement of an environment as a Markdown table, from a plan or a state:
//   cd .edp/<env>/work && terraform show -json [PLANFILE] | node <edp>/terraform/iam-table.mjs
import { text } from "node:stream/consumers";

/** Attributes that hold a policy, by type of resource. */
const POLICIES = {
  aws_iam_role: "assume_role_policy",
  aws_iam_role_policy: "policy",
  aws_kms_key: "policy",
  aws_s3_bucket_policy: "policy",
  aws_sns_topic_policy: "policy",
  aws_sqs_queue: "policy",
};

const json = JSON.parse(await text(process.stdin));
const root = (json.planned_values ?? json.values)?.root_module;
if (!root)
  throw new Error("Give the output of `terraform show -json` on stdin; an empty state has nothing to show.");

line(["resource", "statement", "principal", "actions", "resources", "condition"]);
line(Array(6).fill("---"));
for (const { address, type, values } of resources(root)) {
  const policy = values[POLICIES[type]];
  for (const statement of policy ? [JSON.parse(policy).Statement].flat() : []) {
    const cells = [
      address,
      `${statement.Effect === "Deny" ? "Deny " : ""}${statement.Sid ?? ""}`,
      statement.Principal ? Object.values(principals(statement.Principal)).flat().join("<br>") : "",
      [statement.Action].flat().sort().join("<br>"),
      [statement.Resource ?? []].flat().join("<br>"),
      conditions(statement.Condition ?? {}),
    ];
    line(cells);
  }
}

function line(cells) {
  process.stdout.write(`| ${cells.join(" | ")} |\n`);
}

function* resources(module) {
  yield* (module.resources ?? []).filter(({ mode }) => mode === "managed");
  for (const child of module.child_modules ?? []) yield* resources(child);
}

function principals(principal) {
  return typeof principal === "string" ? [principal] : principal;
}

function conditions(condition) {
  return Object.entries(condition)
    .flatMap(([test, keys]) =>
      Object.entries(keys).map(([key, values]) => `${test} ${key} ${[values].flat().join(", ")}`),
    )
    .join("<br>");
}

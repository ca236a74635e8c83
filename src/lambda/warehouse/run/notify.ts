import { PublishCommand, type SNSClient } from "@aws-sdk/client-sns";
import { type RunReport, reportKey } from "./report.ts";

/** Longest subject that SNS takes: https://docs.aws.amazon.com/sns/latest/api/API_Publish.html */
const SUBJECT_CHARACTERS = 100;

/** Tells of a run by the topic `runs`. A topic without subscribers takes it, too. */
export async function notify(
  sns: SNSClient,
  topicArn: string,
  report: RunReport,
  place: { exports: string; logGroup: string },
  signal?: AbortSignal,
): Promise<void> {
  await sns.send(
    new PublishCommand({
      TopicArn: topicArn,
      Subject: subject(report),
      Message: message(report, place),
      MessageAttributes: { status: { DataType: "String", StringValue: report.status } },
    }),
    { abortSignal: signal },
  );
}

/** ASCII, without line breaks: SNS takes nothing else. */
function subject({ status, asOf, runId }: RunReport): string {
  return `warehouse run ${status}: as of ${asOf} (${runId})`.slice(0, SUBJECT_CHARACTERS);
}

/** The mail's text. */
export function message(report: RunReport, place: { exports: string; logGroup: string }): string {
  const { status, reason, files, rejects, warnings } = report;
  const lines = [
    `The warehouse run ${report.runId} ${status}${report.forced ? " (forced)" : ""}.`,
    "",
    `as of     ${report.asOf}`,
    `took      ${report.seconds.toFixed(1)} s, from ${report.started}`,
    `rows      ${report.rows}: ${report.processed} loaded, ${report.rejected} rejected`,
    ...files.map(({ key, rows, rejected }) => `          ${key}: ${rows} rows, ${rejected} rejected`),
  ];
  if (reason) {
    lines.push("", `reason    ${reason.errorCode}: ${reason.message}`);
    lines.push("          Nothing was changed: the figures of the last successful run stand.");
  }
  const first = rejects[0];
  if (first) {
    lines.push(
      "",
      `first rejected row: ${first.file} line ${first.line}, ${first.column || "row"}: ${first.reason}`,
    );
    if (status === "succeeded")
      lines.push('all of them: edp query warehouse "select * from staging.rejects"');
  }
  if (warnings.length > 0) lines.push("", ...warnings.map((warning) => `note      ${warning}`));
  lines.push("", `report    s3://${place.exports}/${reportKey(report)}`);
  lines.push(`log       ${place.logGroup}, request ${report.requestId}`);
  return `${lines.join("\n")}\n`;
}

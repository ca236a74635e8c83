import { partitionOf } from "../aws/regions.ts";
import type { Check, Finding } from "./check.ts";
import { settledRegion } from "./region.ts";

/** Signatures older or newer than this are refused: https://docs.aws.amazon.com/AmazonS3/latest/userguide/RESTAuthentication.html names 15 minutes, most services 5. */
const MAX_SKEW_MS = 5 * 60_000;

export const clock: Check = {
  name: "clock",
  aws: true,
  async run({ context }, signal) {
    const region = (await settledRegion(context)) ?? "us-east-1";
    const url = context.endpointUrl ?? `https://sts.${region}.${partitionOf(region).dnsSuffix}/`;
    const before = context.now();
    let date: string | null;
    try {
      const response = await fetch(url, { method: "HEAD", redirect: "manual", signal });
      date = response.headers.get("date");
    } catch (error) {
      const { cause, message } = error as Error & { cause?: { code?: string } };
      return {
        status: "fail",
        message: `${url} does not answer (${cause?.code ?? message})`,
        fix: "Check the network, the region's name and --endpoint-url.",
      };
    }
    if (date === null) return { status: "skipped", message: `${url} does not tell its time` };
    return judgeSkew((before + context.now()) / 2 - Date.parse(date), new URL(url).host);
  },
};

/** Judges how far the local clock is ahead of a host's, in milliseconds; negative when it is behind. */
export function judgeSkew(aheadMs: number, host: string): Finding {
  const seconds = Math.round(Math.abs(aheadMs) / 1000);
  // The Date header counts whole seconds.
  if (seconds <= 1) return { status: "ok", message: `agrees with ${host}` };
  const message = `${seconds} s ${aheadMs > 0 ? "ahead of" : "behind"} ${host}`;
  if (Math.abs(aheadMs) <= MAX_SKEW_MS) return { status: "ok", message };
  return {
    status: "warn",
    message: `${message}; beyond 5 minutes AWS refuses signatures`,
    fix: "Set the clock: switch network time on (timedatectl set-ntp true, or the system's settings).",
  };
}

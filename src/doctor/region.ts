import { listProfiles } from "../aws/profiles.ts";
import { isOptIn, partitionOf, unknownRegion } from "../aws/regions.ts";
import { configFault } from "../config.ts";
import type { Context } from "../context.ts";
import type { Check } from "./check.ts";

export const region: Check = {
  name: "region",
  aws: true,
  async run({ context, identities }) {
    const region = await settledRegion(context);
    if (region === undefined) {
      return {
        status: "fail",
        message: "no region is set",
        fix: "Give --region, set AWS_REGION, or write it down: npx edp init --region eu-central-1",
      };
    }
    const fault = configFault("region", region);
    if (fault !== undefined)
      return { status: "fail", message: fault, fix: "Correct --region or AWS_REGION." };
    if (context.endpointUrl !== undefined)
      return { status: "ok", message: `${region} at ${context.endpointUrl}` };
    const here = await identities.in(region);
    if (here.kind === "known") return { status: "ok", message: `${region} is enabled` };
    const doubt = unknownRegion(region);
    if (here.kind === "unreachable") {
      const message =
        doubt ?? `${region} is a known region, but its STS endpoint does not answer (${here.code})`;
      return { status: "fail", message, fix: "Check the region's name and the network." };
    }
    const { home } = partitionOf(region);
    // A region that is not enabled refuses every key as unknown, while the home region knows it.
    const elsewhere = here.kind === "refused" && region !== home ? await identities.in(home) : here;
    if (elsewhere.kind === "known") {
      return {
        status: "fail",
        message: `${region} is not enabled for account ${elsewhere.accountId}`,
        fix: `Enable it in the console (Account, AWS Regions), or choose another: npx edp init --region ${home}`,
      };
    }
    const optIn = isOptIn(region) ? "; an account has to enable it first" : "";
    return {
      status: doubt || optIn ? "warn" : "ok",
      message: doubt ?? `${region} is a known region${optIn} (not tried, since the credentials don't work)`,
    };
  },
};

/** The region of the flags, variables and configuration, else that of the profile. */
export async function settledRegion(context: Context): Promise<string | undefined> {
  if (context.region !== undefined) return context.region;
  return (await listProfiles(context.variables)).get(context.profile ?? "default")?.region;
}

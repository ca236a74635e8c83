import { listProfiles } from "../aws/profiles.ts";
import { partitionOf } from "../aws/regions.ts";
import type { Check, Finding } from "./check.ts";
import type { Identity } from "./identities.ts";
import { settledRegion } from "./region.ts";

/** Asked where no region is set; every account has it. */
const FALLBACK_REGION = "us-east-1";

export const credentials: Check = {
  name: "credentials",
  aws: true,
  async run({ context, identities }) {
    const profiles = await listProfiles(context.variables);
    if (context.profile !== undefined && !profiles.has(context.profile)) {
      return {
        status: "fail",
        message: `there is no profile ${context.profile} in ~/.aws/config`,
        fix: `Make it (aws configure sso --profile ${context.profile}), or name another: ${[...profiles.keys()].join(", ") || "there is none yet"}`,
      };
    }
    const region = (await settledRegion(context)) ?? FALLBACK_REGION;
    const here = await identities.in(region);
    const { home } = partitionOf(region);
    // Whether the region is enabled is another check's matter: the keys may still be good.
    const identity =
      here.kind === "refused" && region !== home && context.endpointUrl === undefined
        ? await identities.in(home)
        : here;
    return judgeIdentity(identity, context.profile);
  },
};

const FIXES: Record<string, string> = {
  ExpiredToken: "Get new ones, e.g. aws sso login, or new session keys.",
  ExpiredTokenException: "Get new ones, e.g. aws sso login, or new session keys.",
  InvalidClientTokenId: "The access key is unknown or deleted: check AWS_ACCESS_KEY_ID or the profile.",
  SignatureDoesNotMatch: "The secret key does not belong to the access key: enter it again (aws configure).",
  RequestExpired: "The clock of this machine is wrong: set it.",
  AccessDenied: "A policy of the organization denies even GetCallerIdentity: ask its administrator.",
};

/** Words what STS said. */
export function judgeIdentity(identity: Identity, profile: string | undefined): Finding {
  const which = profile === undefined ? "the default credentials" : `profile ${profile}`;
  switch (identity.kind) {
    case "known":
      return { status: "ok", message: `account ${identity.accountId}, ${identity.arn} (${which})` };
    case "none":
      return {
        status: "fail",
        message: `${which}: ${identity.message}`,
        fix: "Sign in (aws sso login), set AWS_PROFILE or --profile, or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.",
      };
    case "refused":
      return {
        status: "fail",
        message: `AWS refuses ${which}: ${identity.code}`,
        fix: FIXES[identity.code] ?? "Check the profile and its keys: aws sts get-caller-identity",
      };
    case "unreachable":
      return {
        status: "fail",
        message: `${which} could not be tried: STS does not answer (${identity.code})`,
        fix: "Check the network, proxies, the region's name and --endpoint-url.",
      };
  }
}

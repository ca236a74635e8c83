import type { Check } from "./check.ts";
import { clock } from "./clock.ts";
import { configuration } from "./configuration.ts";
import { credentials } from "./credentials.ts";
import { installation } from "./installation.ts";
import { localEngine } from "./local-engine.ts";
import { node } from "./node.ts";
import { projectDirectory } from "./project-directory.ts";
import { provider } from "./provider.ts";
import { region } from "./region.ts";
import { terraform } from "./terraform.ts";

/** Every check, in the order in which they are shown. */
export const CHECKS: readonly Check[] = [
  node,
  installation,
  projectDirectory,
  configuration,
  localEngine,
  terraform,
  provider,
  region,
  credentials,
  clock,
];

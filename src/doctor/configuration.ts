import { readConfig } from "../config.ts";
import type { Check } from "./check.ts";

export const configuration: Check = {
  name: "configuration",
  aws: false,
  async run({ context: { directory } }) {
    const { exists, fault, given } = await readConfig(directory);
    if (fault) return { status: "fail", message: fault.message, fix: fault.hint };
    if (!exists)
      return { status: "ok", message: "no edp.config.json; defaults apply (npx edp init writes one)" };
    const settings = Object.keys(given).filter((key) => key !== "$schema");
    return { status: "ok", message: `edp.config.json sets ${settings.join(", ") || "nothing"}` };
  },
};

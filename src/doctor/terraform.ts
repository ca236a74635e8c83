import { findTerraform } from "../terraform/binary.ts";
import type { Check } from "./check.ts";

export const terraform: Check = {
  name: "terraform",
  aws: true,
  async run({ context }) {
    const { product, version, path } = await findTerraform(context.variables);
    return { status: "ok", message: `${product} ${version} (${path})` };
  },
};
